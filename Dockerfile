# The page in a container: docker build -t workbench . && docker run -p 7860:7860 -v workbench:/data workbench
FROM python:3.11-slim

# Where PyTorch is taken from: the builds for processors are a tenth of those for GPUs.
ARG TORCH=https://download.pytorch.org/whl/cpu

RUN useradd --create-home --uid 1000 workbench && install -d -o workbench /data
WORKDIR /home/workbench/app
COPY requirements.txt ./
RUN grep -E '^torch(vision)?==' requirements.txt > torch.txt \
 && pip install --no-cache-dir --index-url "$TORCH" --extra-index-url https://pypi.org/simple -r torch.txt \
 && pip install --no-cache-dir -r requirements.txt

COPY app.py README.md LICENSE THIRD_PARTY.md ./
COPY .streamlit .streamlit
COPY assets assets
COPY workbench workbench

USER workbench
ENV WORKBENCH_HOME=/data HF_HOME=/data/huggingface \
    GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/', timeout=8)"]
CMD ["python", "app.py"]
