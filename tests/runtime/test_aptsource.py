"""Deriving a source for Odoo from the machine's own."""

from runtime import aptsource

DEB822 = """\
# a comment
Types: deb
URIs: http://mirror.example/debian
# another comment
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://elsewhere.example/debian
Suites: bookworm
Components: main
"""

ONE_LINE = """\
# deb http://off.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg trusted=yes] http://mirror.example/debian bookworm main free # x
deb http://vendor.example/apt stable main
"""


def test_deb822_stanzas_are_read_with_their_options():
    first, second = aptsource.parse_deb822(DEB822)
    assert first.uris == ("http://mirror.example/debian",)
    assert first.suites == ("bookworm", "bookworm-updates")
    assert first.extra == {"Signed-By": "/usr/share/keyrings/debian-archive-keyring.gpg"}
    assert "BEGIN PGP" in second.extra["Signed-By"]


def test_a_disabled_stanza_is_left_out():
    uris = [uri for source in aptsource.parse_deb822(DEB822) for uri in source.uris]
    assert "http://elsewhere.example/debian" not in uris


def test_one_line_entries_are_read_with_their_options():
    sources = aptsource.parse_list(ONE_LINE)
    assert [source.types for source in sources] == [("deb-src",), ("deb",), ("deb",)]
    assert sources[1].components == ("main", "free")
    assert sources[1].extra == {"Signed-By": "/k.gpg", "Trusted": "yes"}


def test_the_source_of_the_machine_is_chosen_not_that_of_a_vendor():
    chosen = aptsource.choose(aptsource.parse_list(ONE_LINE), "bookworm")
    assert chosen is not None
    assert chosen.uris == ("http://mirror.example/debian",)
    assert "deb" in chosen.types
    assert aptsource.choose(aptsource.parse_list(ONE_LINE), "trixie") is None


def test_the_security_archive_is_not_the_machine_source():
    chosen = aptsource.choose(reversed(aptsource.parse_deb822(DEB822)), "bookworm")
    assert chosen is not None
    assert chosen.uris == ("http://mirror.example/debian",)


def test_the_derived_stanza_keeps_archive_and_key_and_takes_other_suites():
    chosen = aptsource.choose(aptsource.parse_deb822(DEB822), "bookworm")
    assert chosen is not None
    derived = aptsource.parse_deb822(chosen.for_suites(["sid", "bookworm"]))
    assert len(derived) == 1
    assert derived[0].suites == ("sid", "bookworm")
    assert derived[0].components == ("main",)
    assert (derived[0].uris, derived[0].extra) == (chosen.uris, chosen.extra)


def test_a_key_inside_the_stanza_survives():
    security = aptsource.parse_deb822(DEB822)[1]
    assert aptsource.parse_deb822(security.for_suites(["sid"]))[0].extra == security.extra


def test_the_newest_odoo_19_is_taken_and_no_other_series():
    madison = """\
   odoo-19 | 19.0.0+dfsg-1 | http://mirror.example/debian sid/main amd64 Packages
   odoo-19 | 19.0.10+dfsg-1 | http://mirror.example/debian sid/main amd64 Packages
   odoo-19 | 19.0.9+dfsg-2 | http://mirror.example/debian sid/main amd64 Packages
   odoo-19 | 20.0.0+dfsg-1 | http://mirror.example/debian sid/main amd64 Packages
"""
    assert aptsource.newest_19(madison) == "19.0.10+dfsg-1"
    assert aptsource.newest_19("   odoo-19 | 20.0.0 | http://m.example sid/main\n") is None
    assert aptsource.newest_19("") is None
