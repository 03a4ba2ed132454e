"""Fine-tuning: a model of one cohort trained further on the people of another, and whether that helps."""
