"""What is found, and what looks like it and is not; a span is checked to the letter."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.spi.guard import GuardedCall

FOUND: list[tuple[str, str, str]] = [
    ("EMAIL_ADDRESS", "write to ada.lovelace@example.com today", "ada.lovelace@example.com"),
    ("EMAIL_ADDRESS", "<ada+news@mail.example.co.uk>", "ada+news@mail.example.co.uk"),
    ("EMAIL_ADDRESS", "mailto:ada@example.org.", "ada@example.org"),
    ("EMAIL_ADDRESS", "jörg.müller@bücher.example", "jörg.müller@bücher.example"),
    ("EMAIL_ADDRESS", "user=ada@example.com&x=1", "user=ada@example.com"),
    ("EMAIL_ADDRESS", "'ada@example.com'", "ada@example.com"),
    ("EMAIL_ADDRESS", "a@b.cd", "a@b.cd"),
    ("CREDIT_CARD", "card 4111111111111111 ok", "4111111111111111"),
    ("CREDIT_CARD", "4111 1111 1111 1111", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "4111-1111-1111-1111,", "4111-1111-1111-1111"),
    ("CREDIT_CARD", "mc 5555 5555 5555 4444.", "5555 5555 5555 4444"),
    ("CREDIT_CARD", "2223003122003222", "2223003122003222"),
    ("CREDIT_CARD", "amex 3782 822463 10005", "3782 822463 10005"),
    ("CREDIT_CARD", "diners 3056 930902 5904", "3056 930902 5904"),
    ("CREDIT_CARD", "jcb 3530111333300000", "3530111333300000"),
    ("CREDIT_CARD", "disc 6011111111111117", "6011111111111117"),
    ("CREDIT_CARD", "5 4111 1111 1111 1111", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "４１１１１１１１１１１１１１１１", "４１１１１１１１１１１１１１１１"),
    ("CREDIT_CARD", "4111 1111 1111 1111 3rd try", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "card 4111 1111\n1111 1111 please", "4111 1111\n1111 1111"),
    ("CREDIT_CARD", "> card 4111 1111\r\n> 1111 1111 12/27", "4111 1111\r\n> 1111 1111"),
    ("CREDIT_CARD", "card 4111-1111-\n1111-1111", "4111-1111-\n1111-1111"),
    ("CREDIT_CARD", "card 4111 1111  1111 1111", "4111 1111  1111 1111"),
    ("CREDIT_CARD", "card 4111.1111.1111.1111.", "4111.1111.1111.1111"),
    ("CREDIT_CARD", "card 4111_1111_1111_1111", "4111_1111_1111_1111"),
    ("CREDIT_CARD", "4111\t1111\t1111\t1111", "4111\t1111\t1111\t1111"),
    ("CREDIT_CARD", "3782.822463.10005", "3782.822463.10005"),
    ("CREDIT_CARD", "id=4111111111111111.0", "4111111111111111"),
    ("IBAN_CODE", "DE89370400440532013000", "DE89370400440532013000"),
    ("IBAN_CODE", "DE89 3704 0044\n0532 0130 00 ok", "DE89 3704 0044\n0532 0130 00"),
    ("IBAN_CODE", "DE89  3704  0044  0532  0130  00", "DE89  3704  0044  0532  0130  00"),
    ("IBAN_CODE", "DE89.3704.0044.0532.0130.00", "DE89.3704.0044.0532.0130.00"),
    ("IBAN_CODE", "GB82 WEST 1234 5698 7654 32 is mine", "GB82 WEST 1234 5698 7654 32"),
    ("IBAN_CODE", "iban: fr1420041010050500013m02606", "fr1420041010050500013m02606"),
    ("IBAN_CODE", "NO9386011117947", "NO9386011117947"),
    ("US_SSN", "ssn 219-09-9999", "219-09-9999"),
    ("US_SSN", "219 09 9999", "219 09 9999"),
    ("US_SSN", "ssn 219-09-\n9999", "219-09-\n9999"),
    ("US_SSN", "SSN: 219099999", "219099999"),
    ("PHONE_NUMBER", "+49 30 901820", "+49 30 901820"),
    ("PHONE_NUMBER", "+1 (212) 555-0123", "+1 (212) 555-0123"),
    ("PHONE_NUMBER", "+442079460958", "+442079460958"),
    ("PHONE_NUMBER", "call +49 170\n1234567 now", "+49 170\n1234567"),
    ("PHONE_NUMBER", "+1 212 555 0123\n2 apples", "+1 212 555 0123"),
    ("PHONE_NUMBER", "0049 30 901820", "0049 30 901820"),
    ("PHONE_NUMBER", "(212) 555-0123", "(212) 555-0123"),
    ("PHONE_NUMBER", "212-555-0123 or", "212-555-0123"),
    ("PHONE_NUMBER", "212.555.0123x42", "212.555.0123x42"),
    ("PHONE_NUMBER", "01 23 45 67 89", "01 23 45 67 89"),
    ("PHONE_NUMBER", "020 7946 0958", "020 7946 0958"),
    ("PHONE_NUMBER", "0171/2345678", "0171/2345678"),
    ("PHONE_NUMBER", "07700 063 966", "07700 063 966"),
    ("PHONE_NUMBER", "Tel. 9018 2045", "9018 2045"),
    ("PHONE_NUMBER", "call me at 5550123456", "5550123456"),
    ("IP_ADDRESS", "from 192.168.17.4 port 80", "192.168.17.4"),
    ("IP_ADDRESS", "8.8.8.8", "8.8.8.8"),
    ("IP_ADDRESS", "2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3::8a2e:370:7334"),
    ("IP_ADDRESS", "[fe80::1ff:fe23:4567:890a]", "fe80::1ff:fe23:4567:890a"),
    ("MAC_ADDRESS", "aa:bb:cc:00:11:22", "aa:bb:cc:00:11:22"),
    ("MAC_ADDRESS", "AA-BB-CC-00-11-22", "AA-BB-CC-00-11-22"),
    ("MAC_ADDRESS", "aabb.cc00.1122", "aabb.cc00.1122"),
    ("URL_CREDENTIALS", "postgresql://ada:s3cret@db.example/x", "ada:s3cret"),
    ("URL_CREDENTIALS", "https://0123456789abcdef0123@github.com/x", "0123456789abcdef0123"),
]

NOT_FOUND: list[tuple[str, str]] = [
    ("EMAIL_ADDRESS", "@dataclass and @app.route"),
    ("EMAIL_ADDRESS", "user@localhost"),
    ("EMAIL_ADDRESS", "a @ b.com"),
    ("EMAIL_ADDRESS", "x = a@b.T"),
    ("EMAIL_ADDRESS", "ada@.example.com"),
    ("EMAIL_ADDRESS", "price@3.50"),
    ("EMAIL_ADDRESS", "ada.@"),
    ("CREDIT_CARD", "4111111111111112"),
    ("CREDIT_CARD", "0.4111111111111111"),
    ("CREDIT_CARD", "4111111111111111.5"),
    ("CREDIT_CARD", "x4111111111111111"),
    ("CREDIT_CARD", "4111111111111111.05"),
    ("CREDIT_CARD", "1.4111.1111.1111.1111"),
    ("CREDIT_CARD", "4111_1111.1111_1111"),
    ("CREDIT_CARD", "41111111\n11111111"),
    ("CREDIT_CARD", "4111\n1111\n1111\n1111"),
    ("CREDIT_CARD", "1200 1300\n4111 1111\n1111 1111\n1400 1500"),
    ("CREDIT_CARD", "41111111111111111"),
    ("CREDIT_CARD", "1234567812345670"),
    ("CREDIT_CARD", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
    ("CREDIT_CARD", "1700000000000"),
    ("CREDIT_CARD", "9780306406157"),
    ("IBAN_CODE", "DE89370400440532013001"),
    ("IBAN_CODE", "DE8937040044053201300"),
    ("IBAN_CODE", "DE89 3704 0044\n\n0532 0130 00"),
    ("IBAN_CODE", "DE893704004405320130001"),
    ("IBAN_CODE", "XDE89370400440532013000"),
    ("IBAN_CODE", "ZZ89370400440532013000"),
    ("US_SSN", "000-12-3456"),
    ("US_SSN", "666-12-3456"),
    ("US_SSN", "912-12-3456"),
    ("US_SSN", "123-00-4567"),
    ("US_SSN", "123-45-0000"),
    ("US_SSN", "123-45 6789"),
    ("US_SSN", "123 45 \n6789"),
    ("US_SSN", "1123-45-6789"),
    ("US_SSN", "order 219099999"),
    ("PHONE_NUMBER", "2024-01-15 12:30:45"),
    ("PHONE_NUMBER", "01-02-2024"),
    ("PHONE_NUMBER", "12,345,678.90"),
    ("PHONE_NUMBER", "3.14159265358979"),
    ("PHONE_NUMBER", "ISBN 978-3-16-148410-0"),
    ("PHONE_NUMBER", "range(1000000, 2000000)"),
    ("PHONE_NUMBER", "id 5550123456"),
    ("PHONE_NUMBER", "1 2 3 4 5 6 7 8 9 10"),
    ("PHONE_NUMBER", "192.168.100.200"),
    ("PHONE_NUMBER", "abc+4930901820"),
    ("PHONE_NUMBER", " 1\n+12 34\n567890"),
    ("IP_ADDRESS", "127.0.0.1 and 0.0.0.0 and ::1"),
    ("IP_ADDRESS", "version 1.2.3.4"),
    ("IP_ADDRESS", "package==4.3.2.1"),
    ("IP_ADDRESS", "256.1.1.1"),
    ("IP_ADDRESS", "1.2.3.4.5"),
    ("IP_ADDRESS", "1.2.3"),
    ("IP_ADDRESS", "x[::2], std::vector, a::b"),
    ("IP_ADDRESS", "12:34:56"),
    ("IP_ADDRESS", "dict(a=1): b: c"),
    ("MAC_ADDRESS", "aa:bb:cc:00:11"),
    ("MAC_ADDRESS", "aa:bb:cc:00:11:22:33"),
    ("MAC_ADDRESS", "12:34:56-78:90:12"),
    ("MAC_ADDRESS", "gg:bb:cc:00:11:22"),
    ("MAC_ADDRESS", "1234.5678.9012"),
    ("URL_CREDENTIALS", "https://example.com/a:b@c"),
    ("URL_CREDENTIALS", "ssh://git@github.com/x.git"),
    ("URL_CREDENTIALS", "https://example.com?q=a@b.de"),
    ("URL_CREDENTIALS", "https://ada:@example.com"),
    ("URL_CREDENTIALS", "see https://example.com and mail @me"),
]


async def spans_of(entity: str, text: str) -> list[str]:
    (found,) = await Patterns(PatternsConfig()).find([text], GuardedCall())
    return [text[one.start : one.end] for one in found if one.entity == entity]


@pytest.mark.parametrize(("entity", "text", "span"), FOUND)
async def test_it_is_found_to_the_letter(entity: str, text: str, span: str) -> None:
    assert await spans_of(entity, text) == [span]


@pytest.mark.parametrize(("entity", "text"), NOT_FOUND)
async def test_what_only_looks_like_it_is_left_alone(entity: str, text: str) -> None:
    assert await spans_of(entity, text) == []


async def test_all_of_a_text_are_found_in_order() -> None:
    text = "ada@example.com, bob@example.org; 4111111111111111 and 5555555555554444 at 8.8.8.8"
    (found,) = await Patterns(PatternsConfig()).find([text], GuardedCall())
    assert [one.entity for one in found] == [
        "EMAIL_ADDRESS", "EMAIL_ADDRESS", "CREDIT_CARD", "CREDIT_CARD", "IP_ADDRESS",
    ]  # fmt: skip
    assert {one.detector for one in found} == {"patterns"}
    assert all(0 < one.score <= 1 for one in found)


async def test_texts_are_answered_in_their_order() -> None:
    found = await Patterns(PatternsConfig()).find(["nothing", "ada@example.com", ""], GuardedCall())
    assert [len(one) for one in found] == [0, 1, 0]
    assert await Patterns(PatternsConfig()).find([], GuardedCall()) == []


async def test_only_the_entities_asked_for_are_looked_for() -> None:
    detector = Patterns(PatternsConfig(entities=frozenset({"EMAIL_ADDRESS"})))
    (found,) = await detector.find(
        ["ada@example.com from 8.8.8.8, card 4111111111111111"], GuardedCall()
    )
    assert [one.entity for one in found] == ["EMAIL_ADDRESS"]
    with pytest.raises(ValidationError):
        PatternsConfig.model_validate({"entities": ["SHOE_SIZE"]})


MEGABYTE = 1_000_000
ADVERSARIAL = [
    "a", "@", "a@", "a.b@", "1", "1 ", "1-", "0 1 ", "+", ":", "1\n", "+1 1\n", "1  ", "4111_",
    "aa:", "://a", "DE89 ",
    "GB82 WEST 1234 5698 7654 3", "4111 1111 1111 1111 ", "tel 5551234567 ", "1.1.1.",
]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ADVERSARIAL)
async def test_a_megabyte_made_to_be_slow_is_finished(unit: str) -> None:
    text = unit * (MEGABYTE // len(unit))
    await Patterns(PatternsConfig()).find([f"x{text}@example.com!"], GuardedCall())
