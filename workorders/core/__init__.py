"""The pure part of `workorders`: values, the transition table, deadlines. No I/O, no clock."""
