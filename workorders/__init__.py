"""Cases and work orders: what a citizen asked for, who must deal with it, by when, what came of it.

Words: a *draft* is a form being typed; filing makes it a *case* with a number; a case that an
authority must deal with has *work orders* (one main, perhaps assisting ones); each carries a
*due time* from the policy pack; everything that happens to a case is an *entry* of its timeline.

Guarantees:
  * A draft is filed once, however often it is sent; numbers are unique on both databases.
  * A case moves only along the one transition table (`core.lifecycle`), and every move is a line
    of its append-only timeline, in the same transaction.
  * The clock starts at dispatch and is not stopped by not signing or by asking to return an order.
  * What is typed is never overwritten unseen: a save at an old revision returns both versions.
  * Numbers are masked unless the policy grants them; who spoke in confidence is shown to nobody
    without a reason, an audit entry and a line in the timeline.

What it does not do: it knows no telephone, no knowledge base and no directory (ports), sends no
message to citizens, and gives the authorities no portal yet.
"""
