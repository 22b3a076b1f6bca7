"""Values that look like secrets, by name or by form: a prompt is a bad place for them."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"(?i)(^|_)(pass(word|wd|phrase)|secrets?|credentials?|private_?key|api_?key|access_?key|"
    r"(api|auth|access|refresh|bearer|session)_?token|token)(_|$)"
)
_FORM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(sk|pk|rk)-[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic, Stripe
    r"|\bAKIA[0-9A-Z]{16}\b"  # AWS
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"  # GitHub
    r"|\bxox[abpr]-[A-Za-z0-9-]{10,}"  # Slack
    r"|\bAIza[0-9A-Za-z_-]{35}"  # Google
    r"|\bhf_[A-Za-z0-9]{30,}"  # Hugging Face
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."  # JSON web token
)


def looks_secret(expression: str, text: str) -> bool:
    """Whether a value is probably a secret.

    Args:
        expression: How the prompt names it: `API_KEY`, `config["password"]`.
        text: The value. A name alone counts only for a short text without spaces: `token_count`
            holds a number, `secret_santa_wishes` a list.
    """
    if _FORM.search(text):
        return True
    is_one_word = 6 <= len(text) <= 4096 and not any(letter.isspace() for letter in text)
    names = re.findall(r"\w+", expression)
    return is_one_word and not text.isdigit() and any(_NAME.search(name) for name in names)
