# The image of Memloom: the embedded system by default, one service by `python -m services.<name>`.
FROM python:3.12-slim AS build
WORKDIR /opt/memloom
COPY requirements/uv.txt requirements/base.txt requirements/
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && .venv/bin/uv pip install --no-cache --python .venv/bin/python --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY requirements/base.in requirements/
COPY proto proto
COPY services services
RUN .venv/bin/python -m grpc_tools.protoc --proto_path=proto --python_out=services/kernel/pb \
        --pyi_out=services/kernel/pb --grpc_python_out=services/kernel/pb proto/memloom/v1/*.proto \
    && .venv/bin/uv pip install --no-cache --python .venv/bin/python --no-deps --no-build-isolation --editable . \
    && .venv/bin/python -m compileall -q services

FROM python:3.12-slim
# Chinese PDFs that bring no fonts of their own are read with one that is here.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-wqy-zenhei \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home memloom && mkdir /data && chown memloom /data
COPY --from=build /opt/memloom /opt/memloom
ENV PATH=/opt/memloom/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/memloom
USER memloom
VOLUME /data
EXPOSE 8080 50051
STOPSIGNAL SIGTERM
CMD ["memloom", "serve", "--host", "0.0.0.0", "--port", "8080", "--grpc-port", "50051", "--data", "/data"]
