"""Networks: joining one, infos, vectors, transmissions, transformations."""
