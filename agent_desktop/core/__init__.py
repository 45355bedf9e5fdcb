"""Pure part of the desktop: a call's story, the screen pop, the wallboard's rules."""
