"""Words of a question that say nothing about its matter, in Mandarin and colloquial Cantonese.

They are left out of the loose search only: whoever searches for such a word itself finds it.
"""

from __future__ import annotations

STOP_WORDS: frozenset[str] = frozenset(
    """
    请问 你好 您好 麻烦 谢谢 我想 想要 想问 问下 问问 请教 咨询 了解 知道 一下 一个 一些 这个 那个
    这些 那些 这样 那样 这里 那里 我们 你们 他们 人家 自己 大家 别人 有人 没有 不是 不了 不到 不能
    不会 不给 是不是 有没有 能不能 可不可以 可以 能够 应该 需要 怎么 怎样 怎么办 怎么样 如何 什么 为什么
    哪里 哪个 哪些 哪儿 多少 多久 几时 几多 几耐 什么时候 是否 还是 或者 以及 并且 而且 但是 因为
    所以 如果 就是 已经 现在 目前 今天 昨天 明天 然后 还有 之后 以后 以前 的话 一直 总是 经常 这边
    那边 东西 事情 情况 问题 时候 地方 办理 点样 点办 点算 边度 边个 边间 乜嘢 咩事 系咪 有冇 冇得
    唔该 唔系 唔到 唔知 唔可以 唔得 我哋 你哋 佢哋 呢个 嗰个 呢度 嗰度 而家 可唔可以 得唔得 使唔使
    要唔要 先至 究竟 到底 怎么 能不能够 要不要 用不用 一定 必须 进行 相关 有关 关于 对于 通过 由于
    """.split()
)
