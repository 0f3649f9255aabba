# docker build -t spikeprune . && docker run --rm spikeprune               # the demo
# docker run --rm spikeprune make test ARGS="-n 2"                        # the tests
FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends g++ git make && rm -rf /var/lib/apt/lists/*
WORKDIR /spikeprune
COPY . .
RUN make .venv/.installed-dev
CMD ["make", "demo"]
