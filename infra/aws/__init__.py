"""Everything on the operator's machine that has to do with AWS: resources, packaging, deploying, taking down."""
