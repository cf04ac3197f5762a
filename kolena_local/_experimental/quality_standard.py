"""What the quality standard of a dataset says about models, at the original's module path."""

from kolena_local.dataset.standards import (
    copy_quality_standards_from_dataset,
    download_quality_standard_result,
)

__all__ = ["copy_quality_standards_from_dataset", "download_quality_standard_result"]
