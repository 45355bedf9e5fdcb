"""Pages of this department: the flows (`flows`) and the broadcast notices (`notices`)."""
