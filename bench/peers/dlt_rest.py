"""dlt, REST -> PostgreSQL: its own rest_api source with the shop's cursor, its own postgres destination, its defaults.

dlt_rest.py JSON with origin, path, api_key, params, mode (append | upsert), dataset, database_url, folder. Prints {"seconds": ...}.
"""
import json
import os
import sys
import time

job = json.loads(sys.argv[1])
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")
os.environ["DESTINATION__POSTGRES__CREDENTIALS"] = job["database_url"]

import dlt  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402


def main():
    disposition = "append" if job["mode"] == "append" else {"disposition": "merge", "strategy": "upsert"}
    started = time.monotonic()
    source = rest_api_source(
        {
            "client": {
                "base_url": job["origin"],
                "headers": {"X-Api-Key": job["api_key"]},
                "paginator": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"},
            },
            "resources": [
                {
                    "name": "events",
                    "primary_key": "id",
                    "write_disposition": disposition,
                    # nested values in columns of their own, as the other contestants have them
                    "max_table_nesting": 0,
                    "columns": {"address": {"data_type": "json"}, "tags": {"data_type": "json"}},
                    "endpoint": {"path": job["path"], "params": job["params"], "data_selector": "data"},
                }
            ],
        }
    )
    pipeline = dlt.pipeline("bench", destination="postgres", dataset_name=job["dataset"], pipelines_dir=job["folder"])
    pipeline.run(source).raise_on_failed_jobs()
    print(json.dumps({"seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main()
