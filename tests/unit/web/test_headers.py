"""The headers of every page."""

from shared.web.headers import content_policy, page_headers


def test_a_page_loads_its_own_files_and_nothing_else() -> None:
    assert content_policy() == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def test_a_page_may_replace_a_directive_or_add_one() -> None:
    policy = content_policy(script_src="'none'", frame_src="'self'")
    assert "script-src 'none'" in policy
    assert policy.endswith("frame-src 'self'")
    assert policy.count("script-src") == 1
    assert page_headers(frame_src="'self'")["content-security-policy"] == content_policy(frame_src="'self'")
