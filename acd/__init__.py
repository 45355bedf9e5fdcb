"""The distribution: which call goes to which operator, and when.

Words: a *waiting call* stands in its team's line by score (first arrival, less 60 s for each point
of priority); an *offer* presents one call to one agent and has exactly one outcome; an agent has a
*session* (at a booth), a chosen *status* (ready, or not ready with a reason) and a call-driven
*activity* (idle, offered, talking, consulting, wrap-up). A *visit* is one stay of one call in one
team's line.

Guarantees: at most one open offer per agent and per call; the place in the line is kept through
ring-no-answer, relaxation and transfer; no free agent while a call waits that he or she may serve;
a refused command changes nothing; the same log of inputs gives the same effects bit for bit; no
step costs more because more calls wait.

What it does not do: it does not know Asterisk (port `CallControl`), people's names or skills (port
`Roster`), what a caller hears, or any page. It never touches the caller's leg without an order.

Enter through `acd.service.Distribution`. `acd.core` thinks, `acd.adapters` remembers.
"""
