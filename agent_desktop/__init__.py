"""The operator's desktop, the supervisor's wallboard and the citizen's web phone.

Words: *screen pop* – what the operator's screen knows about a caller before a word is said;
*story* – what a live call has been through so far (menu, queue, positions), folded from the bus;
*tab* – one browser window of one operator; *feed* – the wallboard's pushed snapshots.

Guarantees
    * An operator has one live tab: the newest. The older is told so and can take the place back.
    * A lost socket ends nothing: the call goes on, the distribution is told, and the next socket of
      the same operator finds the same state.
    * Telephone numbers leave the server masked unless the policy grants the full number.
    * A slow wallboard reader delays nobody: it receives the latest snapshot, never a backlog.

It decides nothing about calls (`acd` does), keeps no table, and files no case (`workorders` does).
"""
