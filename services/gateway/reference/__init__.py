"""The API's reference: the OpenAPI document and a page to read and try it, with no third-party resource."""
