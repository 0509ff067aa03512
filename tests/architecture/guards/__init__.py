"""Guards on the tree, one file each: `violations(root)` says in one line each what is wrong, and where."""
