"""Pre-built workflows, evaluators and helpers, under the module paths of Kolena's client.

They may change with the client that they follow. :mod:`kolena_local.evaluators` has evaluators for
workflows of your own.
"""

from kolena_local._experimental.quality_standard import (
    copy_quality_standards_from_dataset,
    download_quality_standard_result,
)

__all__ = ["copy_quality_standards_from_dataset", "download_quality_standard_result"]
