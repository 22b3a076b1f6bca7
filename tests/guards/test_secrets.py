"""Keys of known form, and values given to telling names; near misses beside each."""

from __future__ import annotations

import base64
import json

import pytest

from jupyter_mesh.guards.secrets import Secrets, SecretsConfig
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.spi.guard import GuardedCall

A40 = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k"


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


JWT = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': 'ada', 'iat': 1})}.{A40}"
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAuZ\nabcdEFGH1234\n"
    "-----END RSA PRIVATE KEY-----"
)
OPENSSH = PEM.replace("RSA", "OPENSSH")
ESCAPED = PEM.replace("\n", "\\n")
CUT_OFF = (
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n"
    "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
)

BASIC = base64.b64encode(b"ada:hunter2").decode()
AWS_ID, AWS_SECRET = "AKIA" + "IOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"

# Written in two halves, so that no scanner takes this file for a leak.
FOUND: list[tuple[str, str, str]] = [
    ("API_KEY", f"key sk-{A40}!", f"sk-{A40}"),
    ("API_KEY", f"sk-proj-{A40}", f"sk-proj-{A40}"),
    ("API_KEY", f"sk-ant-api03-{A40}-AA", f"sk-ant-api03-{A40}-AA"),
    ("API_KEY", "sk-or-v1-" + "0a1b2c3d" * 8, "sk-or-v1-" + "0a1b2c3d" * 8),
    ("API_KEY", "AKIA" + "IOSFODNN7EXAMPLE,", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("API_KEY", "ghp_" + A40[:36], "ghp_" + A40[:36]),
    ("API_KEY", "github_pat_" + A40, "github_pat_" + A40),
    ("API_KEY", "xoxb-" + "123456789012-abcDEF123456", "xoxb-" + "123456789012-abcDEF123456"),
    ("API_KEY", "AIza" + A40[:35], "AIza" + A40[:35]),
    ("API_KEY", f"(gsk_{A40})", f"gsk_{A40}"),
    ("API_KEY", f"hf_{A40[:34]}", f"hf_{A40[:34]}"),
    ("API_KEY", f"nvapi-{A40}", f"nvapi-{A40}"),
    ("API_KEY", "glpat-" + A40[:20], "glpat-" + A40[:20]),
    ("API_KEY", "sk_live_" + A40[:24], "sk_live_" + A40[:24]),
    ("API_KEY", "dapi" + "0123456789abcdef" * 2, "dapi" + "0123456789abcdef" * 2),
    ("API_KEY", f"SG.{A40[:22]}.{A40}", f"SG.{A40[:22]}.{A40}"),
    ("JWT", f"Authorization: Bearer {JWT}", JWT),
    ("PRIVATE_KEY", f"here:\n{PEM}\nbye", PEM),
    ("PRIVATE_KEY", OPENSSH, OPENSSH),
    ("PRIVATE_KEY", f'{{"private_key": "{ESCAPED}"}}', ESCAPED),
    ("PRIVATE_KEY", f"{CUT_OFF}\n\nHow do I use this?", CUT_OFF),
    ("PASSWORD", 'password = "hunter2"', "hunter2"),
    ("PASSWORD", "password='correct horse battery staple'", "correct horse battery staple"),
    ("PASSWORD", '{"password": "abc123"}', "abc123"),
    ("PASSWORD", "Password: Summer2024!", "Summer2024"),
    ("PASSWORD", "DB_PASSWORD=s3cr3t-w0rd", "s3cr3t-w0rd"),
    ("PASSWORD", "export PGPASSWORD=s3cr3tw0rd", "s3cr3tw0rd"),
    ("PASSWORD", "mysql --password hunter22 -u root", "hunter22"),
    ("PASSWORD", "the password is hunter22, thanks", "hunter22"),
    ("PASSWORD", 'password: str = "hunter2"', "hunter2"),
    ("PASSWORD", "os.environ['DB_PASSWORD'] = 'hunter2'", "hunter2"),
    ("PASSWORD", "passwd := `tick-tock-9`", "tick-tock-9"),
    ("PASSWORD", 'passwordConfirm = "hunter2"', "hunter2"),
    ("PASSWORD", 'password = "say \\"hi\\" 9"', 'say \\"hi\\" 9'),
    ("PASSWORD", "DB_PASS=Tr0ub4dor&3", "Tr0ub4dor&3"),
    ("PASSWORD", "db_pass=hunter22", "hunter22"),
    ("PASSWORD", 'dbPass = "hunter2"', "hunter2"),
    ("PASSWORD", '{"pass": "hunter2"}', "hunter2"),
    ("PASSWORD", "user ada, pw: hunter22", "hunter22"),
    ("PASSWORD", "tool --pass hunter22", "hunter22"),
    ("PASSWORD", 'password = "My@Passw0rd"', "My@Passw0rd"),
    ("PASSWORD", 'password = "$ecret99"', "$ecret99"),
    ("API_KEY", f'api_key="{A40}"', A40),
    ("API_KEY", f"API-KEY: {A40}", A40),
    ("API_KEY", f"client_secret => {A40}", A40),
    ("API_KEY", f"--auth-token {A40}", A40),
    ("API_KEY", f"aws_secret_access_key = {A40[:39]}/", f"{A40[:39]}/"),
    ("API_KEY", f"AccountKey={A40}==;", f"{A40}=="),
    (
        "API_KEY",
        "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17",
        "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",
    ),
    ("API_KEY", f"npm_{A40[:36]}", f"npm_{A40[:36]}"),
    ("API_KEY", f"GOCSPX-{A40[:28]}", f"GOCSPX-{A40[:28]}"),
    ("API_KEY", f"ya29.{A40}{A40}", f"ya29.{A40}{A40}"),
    ("API_KEY", "aB1" + f"8Q~{A40[:34]}", f"aB18Q~{A40[:34]}"),
    ("API_KEY", "dop_v1_" + "0a1b2c3d" * 8, "dop_v1_" + "0a1b2c3d" * 8),
    ("API_KEY", f"hvs.{A40}", f"hvs.{A40}"),
    ("API_KEY", f"{A40[:14]}.atlasv1.{A40}{A40[:24]}", f"{A40[:14]}.atlasv1.{A40}{A40[:24]}"),
    ("API_KEY", f"dp.pt.{A40}", f"dp.pt.{A40}"),
    ("API_KEY", f"dckr_pat_{A40[:27]}", f"dckr_pat_{A40[:27]}"),
    ("API_KEY", f"glrt-{A40[:20]}", f"glrt-{A40[:20]}"),
    ("API_KEY", "rubygems_" + "0a1b2c" * 8, "rubygems_" + "0a1b2c" * 8),
    ("API_KEY", f"lin_api_{A40}", f"lin_api_{A40}"),
    ("API_KEY", f"ntn_{A40}", f"ntn_{A40}"),
    ("API_KEY", "shpat_" + "0a1b2c3d" * 4, "shpat_" + "0a1b2c3d" * 4),
    ("API_KEY", "SK" + "0a1b2c3d" * 4, "SK" + "0a1b2c3d" * 4),
    ("API_KEY", "0a1b2c3d" * 4 + "-us12", "0a1b2c3d" * 4 + "-us12"),
    ("API_KEY", "bot 123456789:AA" + A40[:33], "123456789:AA" + A40[:33]),
    (
        "API_KEY",
        "https://hooks.slack.com/services/" + "T0001/B0001/" + A40[:24],
        "hooks.slack.com/services/T0001/B0001/" + A40[:24],
    ),
    (
        "API_KEY",
        "AGE-SECRET-KEY-1" + "GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
    ),
    ("API_KEY", f"lsv2_pt_{'0a1b2c3d' * 4}_0a1b2c3d4e", f"lsv2_pt_{'0a1b2c3d' * 4}_0a1b2c3d4e"),
    ("API_KEY", f"-H 'Authorization: Bearer {A40}'", A40),
    ("API_KEY", f'{{"Authorization": "token {A40}"}}', A40),
    ("API_KEY", f"headers['Authorization'] = f'Bearer {A40}'", A40),
    ("PASSWORD", "Authorization: Basic " + BASIC, BASIC),
    ("PASSWORD", "curl -u ada:s3cret! https://x", "s3cret!"),
    ("PASSWORD", "curl --user=ada:hunter2 https://x", "hunter2"),
    ("URL_CREDENTIALS", "postgresql://ada:hunter2@db/x", "ada:hunter2"),
    ("URL_CREDENTIALS", "redis://:hunter2@cache:6379/0", ":hunter2"),
    ("URL_CREDENTIALS", "mongodb+srv://ada:p%40ss@c.example.net", "ada:p%40ss"),
    ("PASSWORD", "Server=db;Uid=ada;Pwd=hunter2;", "hunter2"),
    ("PASSWORD", "jdbc:mysql://h/db?user=ada&password=hunter2", "hunter2"),
    ("API_KEY", f"Endpoint=sb://x/;SharedAccessKey={A40}AbC=", f"{A40}AbC="),
    ("API_KEY", f"https://x.blob.core.windows.net/c?sv=2024&sig={A40}%3D&se=1", f"{A40}%3D"),
    ("API_KEY", f"{AWS_ID} {AWS_SECRET}", AWS_SECRET),
    ("API_KEY", f"id,secret\n{AWS_ID},{AWS_SECRET}\n", AWS_SECRET),
]

NOT_FOUND: list[str] = [
    "sk-learn-contrib-some-long-package-name",
    f"risk-{A40}"[:16],
    "task-force-meeting-notes-of-monday",
    "sk-short1A",
    "AKIA" + "IOSFODNN7EXAMPL",
    "AKIA" + "iosfodnn7example",
    "ghp_short",
    "hf_hub_download_and_cache_files",
    "eyJhbGciOiJIUzI1NiJ9.only-two-parts",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "password = getpass.getpass()",
    "password = input('Password: ')",
    'password = os.environ["DB_PASSWORD"]',
    "password: str",
    "password: required",
    "password = None",
    'password = "********"',
    'password = "<your password>"',
    'password = "your-password"',
    'password = "${DB_PASSWORD}"',
    "password=$DB_PASSWORD",
    'password = "$DB_PASS_2"',
    'password = "$1"',
    'password = "my-password-1"',
    'password = "your password 1"',
    "--- PASS: test_foo1 (0.02s)",
    "bypass=hunter22",
    'pass_through = "yes1"',
    "low_pass = filter_2",
    'compass: "north1"',
    '{"pass": "first"}',
    "pass = run2(x)",
    'password = "{{ vault_password }}"',
    "password == other_password1",
    "password_hash = 'pbkdf2sha256'",
    "the password is required",
    "passwords: 12345678 of them",
    "f'password={password}'",
    "max_tokens=100000000000",
    "tokens: 123456789012abc",
    'tokenizer = "meta-llama/Llama-3.1-8B-Instruct"',
    "token = tokenizer.decode(12)",
    'token_url = "https://login.example.com/oauth2/token"',
    'secret_name = "prod/db/password1"',
    "Secretary: Smith1978-2020-office",
    "secret santa: bring a gift worth 20",
    'api_key = "env:OPENAI_API_KEY"',
    'api_key = "changeme"',
    "api_key: string",
    "auth_key = settings.AUTH_KEY_2024",
    "pwd = os.getcwd()",
    "cd $(pwd) && ls",
    'type="password" name="pw1234567"',
    "a secret is something you keep",
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN",
    "Authorization: Bearer your-token-goes-in-here",
    "Authorization: Basic authentication-is-used",
    "Authorization: Basic " + base64.b64encode(b"no colon in here").decode(),
    "the bearer of this letter may enter the building with token 1234567890abcdef99",
    "curl -u $USER:$PASSWORD https://x",
    "curl -u ada https://x",
    "https://example.com/path@2x.png",
    "https://user@example.com/",
    f"commit {'0a1b2c3d' * 5} of the repository",
    f"sha1 {'0a1b2c3d' * 5}, id {'0a1b2c3d' * 4}",
    "sig=short",
    "https://x/y?signature=1&sig=" + "a" * 50,
    "AGE-SECRET-KEY-1" + "GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEQ",
    "SKETCH of SK0a1b2c3d",
    "hv.hvs.hvb.hvr.",
    "sq0 squared",
    "pattern.0a1b2c3d",
    "xoxo-love-and-kisses-to-all-of-you",
    "dp.pt.short",
    "glossary-of-very-important-words",
    "gl-shader-program-attachments",
    "ya29.only",
    "12345678:AAshort",
    "lin_api_reference",
    "npm_config_registry",
    "hooks.slack.com/services",
]


async def spans_of(text: str) -> list[tuple[str, str]]:
    (found,) = await Secrets(SecretsConfig()).find([text], GuardedCall())
    return [(one.entity, text[one.start : one.end]) for one in found]


@pytest.mark.parametrize(("entity", "text", "span"), FOUND, ids=lambda value: value[:24])
async def test_it_is_found_to_the_letter(entity: str, text: str, span: str) -> None:
    assert (entity, span) in await spans_of(text)


@pytest.mark.parametrize("text", NOT_FOUND)
async def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert await spans_of(text) == []


async def test_assignments_can_be_switched_off() -> None:
    detector = Secrets(SecretsConfig(assignments=False))
    (found,) = await detector.find([f'password = "hunter2" and sk-{A40}'], GuardedCall())
    assert [one.entity for one in found] == ["API_KEY"]


@pytest.mark.parametrize(
    ("token", "score"),
    [
        ("ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", 1.0),
        ("ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18", 0.5),
        ("gho_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", 1.0),
        ("npm_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", 1.0),
        ("ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17abcd", 0.95),
        ("github_pat_" + A40, 0.95),
    ],
)
async def test_a_checksum_says_how_sure_a_token_is(token: str, score: float) -> None:
    (found,) = await Secrets(SecretsConfig()).find([f"use {token} for it"], GuardedCall())
    assert [one.score for one in found] == [score]


@pytest.mark.parametrize(
    "beside", ["0a1b2c3d" * 5, "/usr/share/some/path/that/is/long/enoug", "A" * 40]
)
async def test_what_stands_beside_the_id_of_an_aws_key_is_its_secret_only_if_it_looks_random(
    beside: str,
) -> None:
    assert await spans_of(f"{AWS_ID} {beside}") == [("API_KEY", AWS_ID)]


def test_a_rule_can_be_held_against_what_it_finds() -> None:
    named = {entity for entity, _, _ in FOUND}
    assert Secrets(SecretsConfig()).entities() == named


async def test_everything_in_a_text_is_found() -> None:
    text = f"password=hunter2 password=hunter3\n{PEM}\n{PEM}\nsk-{A40} {JWT}"
    kinds = [entity for entity, _ in await spans_of(text)]
    assert kinds == ["PASSWORD", "PASSWORD", "PRIVATE_KEY", "PRIVATE_KEY", "API_KEY", "JWT"]


async def test_letters_that_change_length_when_made_small_do_not_shift_spans() -> None:
    assert await spans_of("İİİ password = 'hunter2'") == [("PASSWORD", "hunter2")]


ADVERSARIAL = [
    "sk-", "sk-a", "eyJ", "eyJaaaaaaaa.", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "password",
    "password=", 'password="', 'password="\\', "secret is ", "--token ", "xoxb-1-", "ghp_", "AKIA",
    "a-", "=", "SG.a", "İ", "Authorization: Bearer ", "curl -u a:", "&sig=", "://a:", "AKIA",
    "AKIAIOSFODNN7EXAMPLE ", "ya29.", "a.atlasv1.", "dp.st.", "hvs.", "Q~", "1:AA", "eyJ.eyJ",
]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ADVERSARIAL)
async def test_a_megabyte_made_to_be_slow_is_finished(unit: str) -> None:
    await Secrets(SecretsConfig()).find([f"x {unit * (1_000_000 // len(unit))}"], GuardedCall())


_FIT_FOR_AN_ID = [
    *(
        prefix + A40
        for prefix in (
            "sk-", "xai-", "nvapi-", "pplx-", "csk-", "tvly-", "gsk_", "hf_", "tgp_v1_", "r8_",
            "pcsk_", "jina_", "ABSK", "AIza", "GOCSPX-", "HRKU-", "sb_secret_", "ghp_", "glpat-",
            "github_pat_", "pypi-", "dckr_pat_", "ATATT3", "sntrys_", "glsa_", "glc_", "lin_api_",
            "figd_", "sk_live_", "rk_test_", "whsec_", "xoxb-", "sq0atp-", "ntn_", "eyJ",
            "AGE-SECRET-KEY-1", "IQoJb3JpZ2lu", "pscale_tkn_", "xapp-1-", "npm_",
        )
    ),
    *(
        prefix + "0a1b2c3d" * 8
        for prefix in ("lsv2_pt_", "dop_v1_", "dapi", "sbp_", "rubygems_", "PMAK-", "SK", "shpat_")
    ),
    AWS_ID,
    "a1b2c3d4" * 4 + "-us12",
]  # fmt: skip


@pytest.mark.parametrize("key", _FIT_FOR_AN_ID)
def test_a_key_does_not_pass_for_an_id(key: str) -> None:
    def sent(**fields: str) -> tuple[str, ...]:
        message: JsonObject = {"role": "tool", "content": None, **fields}
        return parse_request(Operation.CHAT, {"model": "m", "messages": [message]}).texts()

    assert sent(tool_call_id=key) == (key,)
    assert sent(tool_call_id=f"call_{key}") == ()
