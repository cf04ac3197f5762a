"""A judgment as JUnit XML, for the test reports of CI servers.

JUnit has no official schema; this follows the one of Jenkins' xUnit plugin (junit-10.xsd), which
pytest follows, too. A ``testcase`` with ``failure`` fails, and one with ``error`` is undecided: CI
servers count both as not passed, whereas ``skipped`` would look as if all were well.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from kolena_local.comparison.gate.gate import FAIL, UNDECIDED
from kolena_local.comparison.gate.judgment import Judgment
from kolena_local.plurals import printable

_TAGS = {FAIL: "failure", UNDECIDED: "error"}
_NOT_IN_XML = re.compile("[\ufffe\uffff]")


def junit_xml(judgment: Judgment) -> bytes:
    """Return one test for each row of the table; equal judgments give equal bytes.

    The name of a test is the metric, its class is the suite and the test case: GitLab shows and
    tells apart tests by these two.
    """
    listed = judgment.listed()
    outcomes = [row.outcome for row in listed]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(FAIL)),
        "errors": str(outcomes.count(UNDECIDED)),
        "time": "0",
    }
    root = Xml.Element("testsuites", {"name": "kolena-local gate", **counts})
    title = _text(judgment.comparison.title)
    suite = Xml.SubElement(root, "testsuite", {"name": title, **counts})
    for row in listed:
        group = f"{judgment.comparison.test_suite} > {row.place}"
        name = {"classname": _text(group), "name": _text(row.row.metric), "time": "0"}
        test = Xml.SubElement(suite, "testcase", name)
        reasons = _text(" ".join(row.reasons))
        if row.outcome in _TAGS:
            sides = {"message": reasons, "type": row.outcome}
            Xml.SubElement(test, _TAGS[row.outcome], sides).text = _text(str(row))
        else:
            Xml.SubElement(test, "system-out").text = reasons
    # After the tests, as in most of the schemas.
    Xml.SubElement(suite, "system-out").text = "\n".join(map(_text, judgment.remarks))
    Xml.indent(root)
    content: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _text(text: str) -> str:
    """Return a text without the characters that XML cannot have."""
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):x}", printable(text))
