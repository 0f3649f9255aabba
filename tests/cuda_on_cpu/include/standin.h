// CUDA C++ on the CPU: the part of the runtime API that generated projects use, and a launcher.
// Included first by the compiler; launches k<<<g, b>>>(args) are rewritten by build.py.
#pragma once
#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <new>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>
#include <limits.h>

#define __CUDACC__ 1
#define __CUDA_ARCH__ 900
#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("cudashared")))
#define STANDIN_QUIET __attribute__((noinline, no_sanitize("thread")))

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
typedef dim3 uint3;

enum cudaError { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2 };
typedef cudaError cudaError_t;
enum cudaMemcpyKind { cudaMemcpyHostToHost, cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice, cudaMemcpyDefault };
enum cudaLimit { cudaLimitMallocHeapSize, cudaLimitStackSize, cudaLimitPrintfFifoSize };
struct CUstream_st;
typedef CUstream_st* cudaStream_t;
enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal, cudaStreamCaptureModeRelaxed };
namespace standin { struct Graph; }
typedef standin::Graph* cudaGraph_t;
typedef standin::Graph* cudaGraphExec_t;
struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlock;
    int maxThreadsPerBlock, maxThreadsPerMultiProcessor, multiProcessorCount, warpSize, major, minor;
};
struct cudaFuncAttributes {
    size_t sharedSizeBytes, constSizeBytes, localSizeBytes;
    int maxThreadsPerBlock, numRegs;
};

namespace standin {
struct Coordinates { dim3 thread, block, block_dim, grid_dim; };
extern Coordinates here;  // of the thread that runs now
int max_threads();
void* device_malloc(size_t bytes, const char* name, const void* owner);
void device_free(void* pointer);
void device_memory(size_t* available, size_t* total);
void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
void set(void* to, int value, size_t bytes);
void synchronize();
void barrier();
void* dynamic_shared();
void touch_atomic(const void* address, bool order_matters);
void run(const char* name, dim3 grid, dim3 block, size_t shared, cudaStream_t stream, std::function<void()> thread);
cudaStream_t new_stream();
void begin_capture(cudaStream_t stream);
Graph* end_capture(cudaStream_t stream);
Graph* instance(const Graph* graph);
void start(const Graph* graph, cudaStream_t stream);
void discard(Graph* graph);

struct Launch {
    const char* name; dim3 grid, block; size_t shared; cudaStream_t stream;
    Launch(const char* n, dim3 g, dim3 b, size_t s = 0, cudaStream_t t = nullptr) : name(n), grid(g), block(b), shared(s), stream(t) {}
    template <class... P, class... A> void operator()(void (*kernel)(P...), A&&... given)
    {
        std::tuple<P...> arguments(std::forward<A>(given)...);  // evaluated once, converted as at a launch
        run(name, grid, block, shared, stream, [=] { call(kernel, arguments, std::index_sequence_for<P...>()); });
    }
    template <class... P, size_t... I> STANDIN_QUIET
    static void call(void (*kernel)(P...), const std::tuple<P...>& a, std::index_sequence<I...>) { kernel(std::get<I>(a)...); }
};
}
#define threadIdx (standin::here.thread)
#define blockIdx (standin::here.block)
#define blockDim (standin::here.block_dim)
#define gridDim (standin::here.grid_dim)
static const int warpSize = 32;
#define __syncthreads() standin::barrier()
inline void __threadfence() {}
inline void __syncwarp(unsigned = 0) {}

// ---- runtime API
#define cudaMalloc(p, n) standin_malloc((void**)(p), (n), #p)
inline cudaError_t standin_malloc(void** p, size_t n, const char* name) { *p = standin::device_malloc(n, name, nullptr); return *p ? cudaSuccess : cudaErrorMemoryAllocation; }
inline cudaError_t cudaFree(void* p) { standin::device_free(p); return cudaSuccess; }
inline cudaError_t cudaMemcpy(void* to, const void* from, size_t n, cudaMemcpyKind k) { standin::copy(to, from, n, k); return cudaSuccess; }
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t n, cudaMemcpyKind k, cudaStream_t = 0) { standin::copy(to, from, n, k); return cudaSuccess; }
inline cudaError_t cudaMemset(void* to, int v, size_t n) { standin::set(to, v, n); return cudaSuccess; }
template <class T> STANDIN_QUIET cudaError_t cudaMemcpyToSymbol(T& symbol, const void* from, size_t n) { standin::synchronize(); memcpy((void*)&symbol, from, n); return cudaSuccess; }
template <class T> STANDIN_QUIET cudaError_t cudaMemcpyFromSymbol(void* to, const T& symbol, size_t n) { standin::synchronize(); memcpy(to, (const void*)&symbol, n); return cudaSuccess; }
inline cudaError_t cudaStreamCreate(cudaStream_t* s) { *s = standin::new_stream(); return cudaSuccess; }
inline cudaError_t cudaStreamBeginCapture(cudaStream_t s, cudaStreamCaptureMode) { standin::begin_capture(s); return cudaSuccess; }
inline cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t* g) { *g = standin::end_capture(s); return cudaSuccess; }
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* e, cudaGraph_t g, unsigned long long = 0) { *e = standin::instance(g); return cudaSuccess; }
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s) { standin::start(e, s); return cudaSuccess; }
inline cudaError_t cudaGraphDestroy(cudaGraph_t g) { standin::discard(g); return cudaSuccess; }
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t e) { standin::discard(e); return cudaSuccess; }
inline cudaError_t cudaDeviceSynchronize() { standin::synchronize(); return cudaSuccess; }
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline const char* cudaGetErrorString(cudaError_t e) { return e == cudaErrorMemoryAllocation ? "out of memory" : "error of the CPU stand-in"; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
inline cudaError_t cudaProfilerStart() { return cudaSuccess; }
inline cudaError_t cudaProfilerStop() { return cudaSuccess; }
inline cudaError_t cudaMemGetInfo(size_t* available, size_t* total) { standin::device_memory(available, total); return cudaSuccess; }
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int)
{
    memset(p, 0, sizeof *p);
    strcpy(p->name, "CPU");
    p->totalGlobalMem = size_t(1) << 33; p->sharedMemPerBlock = 49152;
    p->maxThreadsPerBlock = standin::max_threads(); p->maxThreadsPerMultiProcessor = 2048;
    p->multiProcessorCount = 4; p->warpSize = 32; p->major = 9;
    return cudaSuccess;
}
template <class K> cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, K, size_t = 0, int limit = 0)
{ *grid = 1; *block = limit ? std::min(limit, standin::max_threads()) : standin::max_threads(); return cudaSuccess; }
template <class K> cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* n, K, int, size_t) { *n = 1; return cudaSuccess; }
template <class K> cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, K) { memset(a, 0, sizeof *a); a->maxThreadsPerBlock = standin::max_threads(); return cudaSuccess; }

// ---- device functions.  One operating system thread runs everything, so plain code is atomic.
namespace standin { template <class T> struct same { typedef T type; }; }
#define STANDIN_ATOMIC(NAME, NEW) \
    template <class T> STANDIN_QUIET T NAME(T* p, typename standin::same<T>::type v) \
    { standin::touch_atomic((const void*)p, std::is_floating_point<T>::value); T old = *p; *p = NEW; return old; }
STANDIN_ATOMIC(atomicAdd, (T)(old + v))
STANDIN_ATOMIC(atomicSub, (T)(old - v))
STANDIN_ATOMIC(atomicMax, (old < v ? v : old))
STANDIN_ATOMIC(atomicMin, (v < old ? v : old))
STANDIN_ATOMIC(atomicExch, v)
STANDIN_ATOMIC(atomicOr, (T)(old | v))
STANDIN_ATOMIC(atomicAnd, (T)(old & v))
template <class T> STANDIN_QUIET T atomicCAS(T* p, typename standin::same<T>::type expected, typename standin::same<T>::type v)
{ standin::touch_atomic((const void*)p, false); T old = *p; if (old == expected) *p = v; return old; }
template <class To, class From> inline To bits_of(From f) { To t; memcpy(&t, &f, sizeof t); return t; }
inline float __int_as_float(int x) { return bits_of<float>(x); }
inline int __float_as_int(float x) { return bits_of<int>(x); }
inline double __longlong_as_double(long long x) { return bits_of<double>(x); }
inline long long __double_as_longlong(double x) { return bits_of<long long>(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
using std::min; using std::max;

#include "curand_subset.h"
#include "thrust_subset.h"
