// Each kind of fault, by its name; every kernel but the first is wrong.
#include <cuda_runtime.h>
#include <cstdio>
#include <cstring>

__global__ void sum(const int* in, int* out, const int n, const bool wait)
{
    __shared__ int part[64];
    const int t = threadIdx.x, i = blockIdx.x*blockDim.x + t;
    part[t] = i < n ? in[i] : 0;
    __syncthreads();
    for (int s = blockDim.x/2; s; s /= 2) {
        if (t < s) part[t] += part[t + s];
        if (wait) __syncthreads();
    }
    if (t == 0) atomicAdd(out, part[0]);
}
__global__ void lost_update(int* out) { *out += 1; }
__global__ void float_sum(float* out) { atomicAdd(out, 1.0f/(1 + threadIdx.x + blockIdx.x)); }
__global__ void last_writer(int* out) { *out = threadIdx.x; }
__global__ void unset(const float* in, float* out) { out[threadIdx.x] = in[threadIdx.x]; }
__global__ void outside(int* out, const int n) { out[n + threadIdx.x] = 1; }
__global__ void not_all(int* out)
{
    if (threadIdx.x < 3) __syncthreads();
    out[threadIdx.x] = 1;
}
__global__ void add(int* out, const int value, const int* more) { out[0] += value + *more; }
__global__ void neighbours(int* out) { out[threadIdx.x + 1] = out[threadIdx.x]; }

int main(int, char** argv)
{
    const int n = 1000;
    const auto is = [&](const char* name) { return !strcmp(argv[1], name); };
    int *in, *out, host[n], result = -2;
    float *floats, value;
    cudaMalloc((void**)&in, n*sizeof(int));
    cudaMalloc((void**)&out, n*sizeof(int));
    cudaMalloc((void**)&floats, n*sizeof(float));
    for (int i = 0; i < n; i++) host[i] = i;
    cudaMemcpy(in, host, sizeof host, cudaMemcpyHostToDevice);
    cudaMemset(out, 0, n*sizeof(int));
    if (is("nothing")) sum<<<(n + 63)/64, 64>>>(in, out, n, true);
    if (is("missing barrier")) sum<<<(n + 63)/64, 64>>>(in, out, n, false);
    if (is("lost update")) lost_update<<<2, 3>>>(out);
    if (is("float sum")) { cudaMemset(floats, 0, sizeof(float)); float_sum<<<2, 3>>>(floats); }
    if (is("last writer")) last_writer<<<1, 8>>>(out);
    if (is("unset")) unset<<<1, 1>>>(floats, floats + 1);
    if (is("outside")) outside<<<1, 2>>>(out, n);
    if (is("not all")) not_all<<<1, 4>>>(out);
    if (is("neighbours")) neighbours<<<1, 4>>>(out);
    if (is("captured")) {
        // Parameters are those of the capture, 1; what lies in device memory, 10 and then 100, is that of the start.
        cudaStream_t stream;
        cudaGraph_t graph;
        cudaGraphExec_t recorded;
        int value = 1;
        cudaStreamCreate(&stream);
        cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
        add<<<1, 1, 0, stream>>>(out, value, in);
        cudaStreamEndCapture(stream, &graph);
        cudaGraphInstantiate(&recorded, graph, 0);
        cudaGraphDestroy(graph);
        value = 1000;
        for (int in_memory : {10, 100}) {
            cudaMemcpy(in, &in_memory, sizeof(int), cudaMemcpyHostToDevice);
            cudaGraphLaunch(recorded, stream);
        }
        cudaGraphExecDestroy(recorded);
    }
    if (is("standard stream")) cudaStreamBeginCapture(0, cudaStreamCaptureModeThreadLocal);
    if (is("copy in capture") || is("other stream")) {
        cudaStream_t stream;
        cudaStreamCreate(&stream);
        cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
        if (is("other stream")) add<<<1, 1>>>(out, 1, in);
        cudaMemcpy(&result, out, sizeof(int), cudaMemcpyDeviceToHost);
    }
    if (is("wrong copy")) cudaMemcpy(host, in, sizeof host, cudaMemcpyHostToDevice);
    if (is("host access")) result = out[0];
    if (is("freed twice")) { cudaFree(in); cudaFree(in); }
    cudaMemcpy(&result, out, sizeof result, cudaMemcpyDeviceToHost);
    cudaMemcpy(&value, floats + 1, sizeof value, cudaMemcpyDeviceToHost);
    printf("%d %g\n", result, value);
}
