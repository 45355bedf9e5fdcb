"""What a good password is. Source: NIST SP 800-63B section 5.1.1.2 (length, not composition)."""

from __future__ import annotations

SHORTEST = 10
LONGEST = 128
_COMMON = ("password", "12345678", "87654321", "qwertyui", "guangzhou", "hotline", "abcdefgh")


def fault(password: str, account: str) -> str | None:
    """What is wrong with `password` for this account, as a Chinese msgid; None when it is good."""
    if len(password) < SHORTEST:
        return "新密码至少需要 10 个字符"
    if len(password) > LONGEST:
        return "新密码最多 128 个字符"
    plain = password.casefold()
    if account.casefold() in plain:
        return "新密码不能包含账号"
    if len(set(plain)) < 5 or any(plain.startswith(word) for word in _COMMON):
        return "新密码过于简单，请换一个不易猜到的密码"
    return None
