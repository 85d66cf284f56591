from steadyhand.extract.tlds import DOUBTFUL, ascii_label, last_labels, top_level_domains


def test_the_list_is_there_in_lower_case_and_punycode() -> None:
    known = top_level_domains()
    assert {"com", "de", "xn--p1ai", "xn--fiqs8s", "onion", "zip"} <= known
    assert not {"exe", "local", "dll", "", "*"} & known
    assert all(name == ascii_label(name) for name in known)
    assert len(known) > 1400


def test_every_doubtful_end_is_a_top_level_domain() -> None:
    """A name that is none would be a rule that decides nothing."""
    assert DOUBTFUL - top_level_domains() == set()


def test_a_list_is_read_up_to_the_end_of_its_icann_part() -> None:
    lines = [
        "// a comment",
        "",
        "com",
        "co.uk // why",
        "*.ck",
        "!www.ck",
        "рф",
        "// ===END ICANN DOMAINS===",
        "blogspot.xyz",
    ]
    assert last_labels(lines) == {"com", "uk", "ck", "xn--p1ai", "onion"}
