"""Learning platforms that open the study by LTI 1.3."""
