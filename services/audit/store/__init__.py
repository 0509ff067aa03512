"""Every query, index and document shape of the audit service: values in, values out.

origins      _id leak_id (a retried request's own origin: leak_id.digest), captured_at, stored_at, sealed_origin, proof,
             ends_at, expires_at, held?
lives        _id leak_id/what/revision, what, at, read_at, outcome?, reason?, message_id_digest?, ends_at,
             expires_at, held?
unexplained  _id leak_id, delivered_at, seen_at, expires_at: delivered, and no origin found so far
threats      _id leak_id, at, stored_at, sealed_threat, expires_at
log          _id seq, and the entry

`ends_at` is a document's own end; `expires_at`, after which it is deleted, is later while an order holds it.
"""
