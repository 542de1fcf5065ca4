"""The operations of studies: conditions, and the slots of their designs."""
