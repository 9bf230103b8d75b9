"""The PDF of an invoice or a credit note, read back from its bytes."""

import io
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PageObject, PdfReader

from oms.orders import invoice_pdf
from tests.deployment import files
from tests.depth import examples

EDGE = 210 * 72 / 25.4 - 18 * 72 / 25.4
# What strict_json lets through.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, [*range(9), 11, 12, 127]))))
SCRIPTS = st.text(st.sampled_from("aZ09 ({/\n\u0301\u05e9\u05bc\u0644\u0627\u0651\u064a\u0663\u200c\u202e\u2067é한🙈"))


def line(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "line_no": number,
        "sku": f"TEA-{number}",
        "name": "Green tea",
        "quantity": Decimal("2.000"),
        "unit_price": Decimal("49.99"),
        "gross": Decimal("99.98"),
        "discount": Decimal("0.00"),
        "charges": Decimal("0.00"),
        "tax": Decimal("0.00"),
        "total": Decimal("99.98"),
        **changes,
    }


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "invoice",
        "number": "INV-2026-000001",
        "issued_at": "2026-11-22T08:00:00Z",
        "currency": "USD",
        "seller": {"name": "Tea Ltd", "address": "1 Dock\nLondon", "tax_id": "GB 1"},
        "customer": {"customer_id": "C-1", "address": {"name": "Ann", "city": {"zip": 90001, "town": "Leeds"}}},
        "order_id": "O-1",
        "order_datetime": "2026-11-20T23:30:00-05:00",
        "invoice_number": None,
        "reason": None,
        "lines": [line(1)],
        "items_total": Decimal("99.98"),
        "discount": Decimal("10.00"),
        "charges": {"handling_charge": Decimal("0.00"), "delivery_charge": Decimal("4.50")},
        "tax_lines": [
            {"name": "VAT", "rate": Decimal("7.50"), "amount": Decimal("6.75")},
            {"name": "Levy", "rate": None, "amount": Decimal("0.35")},
        ],
        "rounding_adjustment": Decimal("-0.01"),
        "total": Decimal("101.57"),
        "payments": [{"mode": "card", "amount": Decimal("101.57")}],
        **changes,
    }


def credit_note(**changes: Any) -> dict[str, Any]:
    """One of an amount only, with nothing that may be missing."""
    kept = ("issued_at", "currency", "seller", "customer", "order_id", "order_datetime")
    return {
        **{key: value for key, value in invoice().items() if key in kept},
        "kind": "credit_note",
        "number": "CN-2026-000007",
        "invoice_number": "INV-2026-000001",
        "reason": "Arrived damaged",
        "lines": [],
        "total": Decimal("5.00"),
        **changes,
    }


def pages(document: dict[str, Any]) -> list[PageObject]:
    return list(PdfReader(io.BytesIO(invoice_pdf.render(document)), strict=True).pages)


def text(document: dict[str, Any]) -> str:
    return "\n".join(page.extract_text() for page in pages(document))


def lefts(page: PageObject) -> dict[str, float]:
    """Where each piece of text begins, in points from the left edge."""
    found: dict[str, float] = {}
    page.extract_text(visitor_text=lambda piece, _cm, tm, _font, _size: found.setdefault(piece.strip(), tm[4]))
    return found


def test_an_invoice_tells_who_sells_what_to_whom() -> None:
    told = text(invoice()).splitlines()
    assert told[:6] == ["Tea Ltd", "1 Dock", "London", "Tax ID GB 1", "Invoice", "INV-2026-000001"]
    assert told[told.index("Customer") :][:5] == ["Customer", "C-1", "Ann", "90001", "Leeds"]
    assert "1 Green tea" in told
    assert "2 49.99 99.98" in told


def test_dates_are_in_utc_and_the_year_comes_first() -> None:
    told = text(invoice()).splitlines()
    assert told[told.index("Date") + 1] == "2026-11-22"
    assert told[told.index("Order date") + 1] == "2026-11-21"


def test_the_totals_lead_from_the_items_to_the_total() -> None:
    told = text(invoice())
    assert told[told.index("Items") : told.index("Invoice INV")].split("\n")[:-1] == [
        "Items 99.98",
        "Discount -10.00",
        "Delivery charge 4.50",
        "VAT 7.5 % 6.75",
        "Levy 0.35",
        "Rounding -0.01",
        "Total (USD) 101.57",
        "Payments",
        "card 101.57",
    ]


def test_a_tax_that_is_in_the_prices_already_says_so() -> None:
    tax = {"name": "VAT", "rate": 20, "amount": Decimal("16.66"), "included": True}
    assert "VAT 20 % (included) 16.66" in text(invoice(tax_lines=[tax]))


def test_what_no_line_has_is_no_column() -> None:
    assert "# Item Quantity Unit price Total" in text(invoice())
    taxed = line(2, tax=Decimal("7.00"), discount=Decimal("1.00"), total=Decimal("105.98"))
    told = text(invoice(lines=[line(1), taxed]))
    assert "# Item Quantity Unit price Amount Discount Tax Total" in told
    assert "2 49.99 99.98 -1.00 7.00 105.98" in told
    assert "2 49.99 99.98 0.00 0.00 99.98" in told


@pytest.mark.parametrize(
    ("currency", "given", "shown"),
    [
        ("USD", 5, "5.00"),
        ("USD", Decimal("999999999999.99"), "999999999999.99"),
        ("JPY", 5000, "5000"),
        ("JPY", Decimal("5E+3"), "5000"),
        ("KWD", Decimal("1.2"), "1.200"),
        ("USD", Decimal("-0.00"), "0.00"),
    ],
)
def test_amounts_have_exactly_the_decimals_of_their_currency(currency: str, given: Any, shown: str) -> None:
    told = text(invoice(currency=currency, total=given, lines=[line(1, total=given)])).splitlines()
    assert f"Total ({currency}) {shown}" in told
    assert any(row.startswith("2 ") and row.endswith(f" {shown}") for row in told)


def test_amounts_stand_flush_right() -> None:
    (page,) = pages(invoice(lines=[line(1, total=Decimal("1.11")), line(2, total=Decimal("4444444.44"))]))
    places = lefts(page)
    # Eight points, and a digit of the font is 636 thousandths wide.
    longer = 6 * 0.636 * 8
    assert places["1.11"] - places["4444444.44"] == pytest.approx(longer, abs=0.1)
    assert places["1.11"] + (3 * 0.636 + 0.318) * 8 == pytest.approx(EDGE, abs=0.1)


def test_the_largest_figures_stay_whole() -> None:
    huge = Decimal("999999999999.00")
    amounts = dict.fromkeys(["unit_price", "gross", "discount", "charges", "tax", "total"], huge)
    told = text(invoice(lines=[line(1, quantity=Decimal("9999999.999"), **amounts)]))
    assert f"9999999.999 {huge} {huge} -{huge} {huge} {huge} {huge}" in told


def test_a_figure_wider_than_its_column_is_wrapped_and_never_cut() -> None:
    huge = Decimal("1" * 60)
    amounts = dict.fromkeys(["unit_price", "gross", "discount", "charges", "tax", "total"], huge)
    told = text(invoice(lines=[line(1, **amounts)])).replace("\n", "").replace(" ", "")
    assert told.count("1") >= len(amounts) * 60


def test_a_credit_note_names_its_invoice_and_its_reason() -> None:
    told = text(credit_note(lines=[line(1)], payments=[{"mode": "card", "amount": Decimal("5.00")}])).splitlines()
    assert told[4:6] == ["Credit note", "CN-2026-000007"]
    assert told[told.index("For invoice") + 1] == "INV-2026-000001"
    assert told[told.index("Reason") + 1] == "Arrived damaged"
    assert "1 Green tea" in told
    assert told[-4:-1] == ["Total credited (USD) 5.00", "Paid back", "card 5.00"]


def test_a_credit_note_of_an_amount_has_no_table() -> None:
    told = text(credit_note())
    assert "An amount is credited, and no line of the invoice." in told
    assert "Total credited (USD) 5.00" in told
    assert "Quantity" not in told
    assert "Items" not in told


@pytest.mark.parametrize("name", ["Łódź", "₹ 100", "Ελλάδα", "Привет", "Żółć", "naïve", "Ð © — “x” €"])
def test_names_of_other_alphabets_come_out(name: str) -> None:
    told = text(invoice(lines=[line(1, name=name)], seller={"name": name, "address": name, "tax_id": ""}))
    assert f"1 {name}\n" in told
    assert [row.strip() for row in told.partition("Invoice")[0].split("\n")][:2] == [name, name]


def test_a_letter_in_two_pieces_is_put_together() -> None:
    assert "1 Łódź\n" in text(invoice(lines=[line(1, name="Ło\u0301dz\u0301")]))


@pytest.mark.parametrize("name", ["شاي", "سلام", "ירוק"])
def test_arabic_and_hebrew_are_set_from_right_to_left(name: str) -> None:
    content = text(invoice(lines=[line(1, name=name)]))
    assert name in content
    (page,) = pages(invoice(lines=[line(1, name=name)]))
    assert "\ufffd" not in page.extract_text()


def test_arabic_letters_are_joined() -> None:
    """The glyphs of a joined word aren't those of its letters standing alone."""
    joined, alone = (pages(invoice(lines=[line(1, name=name)]))[0] for name in ("سلام", " ".join("سلام")))
    assert _advances(joined) != _advances(alone)


def _advances(page: PageObject) -> list[Any]:
    (font,) = [
        found.get_object()
        for found in page["/Resources"]["/Font"].values()
        if "Bold" not in found.get_object()["/BaseFont"]
    ]
    return list(font["/DescendantFonts"][0].get_object()["/W"])


def test_what_the_font_lacks_is_seen_to_be_missing() -> None:
    assert "1 \ufffd\ufffd \ufffd x\n" in text(invoice(lines=[line(1, name="日本 🍵 x")]))


def test_the_font_is_embedded_and_only_what_is_used_of_it() -> None:
    made = invoice_pdf.render(invoice())
    assert len(made) < 60_000
    fonts = pages(invoice())[0]["/Resources"]["/Font"].values()
    names = {font.get_object()["/BaseFont"] for font in fonts}
    assert names == {"/MPDFAA+DejaVuSansBook", "/MPDFAA+DejaVuSansBold"}
    assert made.count(b"/FontFile2") == 2


def test_text_is_never_markup() -> None:
    name = "{nb} **bold** __x__ <b>y</b> [z](http://example.com) \\(a\\) %PDF"
    told = text(invoice(lines=[line(1, name=name)]))
    assert name in told.replace("\n", " ")
    assert all("/Annots" not in page for page in pages(invoice(lines=[line(1, name=name)])))


def test_a_name_cannot_turn_the_reading_order() -> None:
    assert "1 abcexe.gpj\n" in text(invoice(lines=[line(1, name="abc\u202eexe.\u2066gpj\u2069")]))


def test_a_line_without_a_name_shows_its_sku() -> None:
    assert "1 TEA-1 2 49.99" in text(invoice(lines=[line(1, name=None)]))


def test_a_long_name_is_wrapped_and_nothing_of_it_is_lost() -> None:
    words = " ".join(f"word{number}" for number in range(200))
    assert words in text(invoice(lines=[line(1, name=words)])).replace("\n", " ")
    told = text(invoice(lines=[line(1, name="x" * 9_999), line(2)]))
    assert told.count("x") == 9_999 + text(invoice()).count("x")
    assert "2 Green tea" in told


def test_a_thousand_lines_repeat_the_head_and_count_the_pages() -> None:
    started = time.process_time()
    found = pages(invoice(lines=[line(number) for number in range(1, 1001)]))
    assert len(found) > 20
    for number, page in enumerate(found, 1):
        told = page.extract_text()
        assert told.endswith(f"Invoice INV-2026-000001 · Tea Ltd Page {number} of {len(found)}")
        assert ("# Item Quantity" in told) == ("TEA-" in told)
    whole = "\n".join(page.extract_text() for page in found)
    assert [f"\n{number} Green tea\n" in whole for number in range(1, 1001)] == [True] * 1000
    assert time.process_time() - started < 30


@pytest.mark.parametrize("count", range(8, 40))
def test_the_total_never_stands_without_what_leads_to_it(count: int) -> None:
    last = next(page for page in reversed(pages(invoice(lines=[line(n) for n in range(count)]))) if _has_total(page))
    assert "Rounding -0.01" in last.extract_text()


def _has_total(page: PageObject) -> bool:
    return "Total (USD)" in page.extract_text()


def test_nothing_is_set_below_the_foot_or_beside_the_page() -> None:
    long = "W" * 3_000
    document = invoice(
        number=long,
        order_id=long,
        seller={"name": long, "address": "a b\n" * 500, "tax_id": long},
        customer={"customer_id": long, "address": {"deep": [{"deeper": [long]}]}},
        tax_lines=[{"name": long, "rate": None, "amount": 1}],
        payments=[{"mode": long, "amount": 1}],
    )
    places: list[tuple[float, float]] = []
    for page in pages(document):
        page.extract_text(visitor_text=lambda piece, _cm, tm, _f, _s: piece.strip() and places.append((tm[4], tm[5])))
    assert places
    assert all(50 < left < EDGE and 30 < height < 800 for left, height in places)


def test_the_same_document_is_the_same_bytes_in_any_process() -> None:
    program = (
        "import sys; from tests.orders import test_invoice_pdf as t; "
        "sys.stdout.buffer.write(t.invoice_pdf.render(t.invoice(lines=[t.line(1, name='Łódź سلام')])))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=files.ROOT,
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in [("1", "UTC"), ("2", "Asia/Tokyo")]
    }
    assert made == {invoice_pdf.render(invoice(lines=[line(1, name="Łódź سلام")]))}


def test_its_date_is_when_the_invoice_was_issued() -> None:
    meta = PdfReader(io.BytesIO(invoice_pdf.render(invoice()))).metadata
    assert meta
    assert meta.title == "Invoice INV-2026-000001"
    assert str(meta.creation_date) == "2026-11-22 08:00:00+00:00"


@settings(max_examples=examples(40), deadline=None)
@given(names=st.lists(TEXT | SCRIPTS, min_size=1, max_size=30))
def test_no_text_makes_it_fail(names: list[str]) -> None:
    first = names[0]
    document = invoice(
        number=first,
        seller={"name": first, "address": first, "tax_id": first},
        customer={"customer_id": first, "address": {first: names}},
        reason=first,
        lines=[line(number, name=name, sku=name) for number, name in enumerate(names, 1)],
        payments=[{"mode": first, "amount": 1}],
    )
    assert pages(document)


@pytest.mark.parametrize(
    "piece", ["🙈", "\u202e", "\u0301", "سلام ", "ש\u05bc", "\u2028", "\ufdfa", "\U0010ffff", "{nb}"]
)
def test_ten_kilobytes_of_anything_come_out(piece: str) -> None:
    name = piece * (10_000 // len(piece.encode()))
    assert pages(invoice(lines=[line(1, name=name)], seller={"name": name, "address": name, "tax_id": name}))


@pytest.mark.parametrize("address", [None, {}, {"a": None, "b": True, "c": [], "d": ""}])
def test_an_address_with_nothing_to_show_shows_nothing(address: Any) -> None:
    told = text(invoice(customer={"customer_id": "C-1", "address": address})).splitlines()
    assert told[told.index("C-1") + 1].startswith("# Item")


def test_numbers_of_an_address_are_written_out() -> None:
    told = text(invoice(customer={"customer_id": "C-1", "address": {"at": [Decimal("5E+3"), Decimal("51.50"), 7]}}))
    assert "C-1\n5000\n51.50\n7\n" in told


def test_who_makes_no_pdf_does_not_pay_for_the_import() -> None:
    program = "import sys; from oms.orders import invoice_pdf; sys.exit('fpdf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=files.ROOT, check=False).returncode == 0
