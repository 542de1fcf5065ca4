"""HTML pages that stand alone: what people read who aren't in the study yet, or have left it."""
