"""Values that cross a boundary. Imports nothing of the mesh but `errors`."""
