"""Films: the only part of the workbench that sees a path or a codec."""
