"""Pure rules of the memorizer: segmentation, extraction, merging, corrections."""
