"""Fill the parts of a page that are generated."""


def put(page: str, name: str, part: str) -> str:
    """Return a page with a new part between ``<!-- name -->`` and ``<!-- end -->``."""
    start, mark, rest = page.partition(f"<!-- {name} -->\n")
    _, end, rest = rest.partition("\n<!-- end -->")
    assert mark
    assert end
    return start + mark + part + end + rest
