"""Labs, from the operator's side: the folder that a lab is served or deployed from, its apps and its keys."""
