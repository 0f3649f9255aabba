// What the code objects of the device "cuda_standalone_ordered" share: sizes of launches, lists of synapses, recorders.
#ifndef SPIKEPRUNE_ORDERED_H
#define SPIKEPRUNE_ORDERED_H

#include "objects.h"
#include "brianlib/common_math.h"
#include "brianlib/cuda_utils.h"
#include "brianlib/stdint_compat.h"
#include "step.h"
#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <stdint.h>
#include <vector>

namespace ordered {

// Threads of a block: SPIKEPRUNE_CUDA_THREADS, from 32 to 1024, or 128.  It changes no number.
inline int threads()
{
    static const int chosen = [] {
        const char* wanted = std::getenv("SPIKEPRUNE_CUDA_THREADS");
        return wanted ? std::min(1024, std::max(32, std::atoi(wanted)/32*32)) : 128;
    }();
    return chosen;
}

inline int at_most(const int number, const int limit)
{
    return std::max(1, std::min(number, limit));
}

// Blocks for a thread each; kernels go on where there are more elements than threads.
inline int blocks(const int number)
{
    return at_most((number + threads() - 1)/threads(), 65535);
}

// Threads of a kernel of one block.
inline int threads_for(const int number)
{
    static const int largest = std::getenv("SPIKEPRUNE_CUDA_THREADS") ? threads() : 1024;
    return std::min(largest, (number + 31)/32*32);
}

// Number of events, in ascending order, of neurons before this one.
__device__ inline int place(const int32_t* events, const int number, const int neuron)
{
    int low = 0, high = number;
    while (low < high)
    {
        const int middle = (low + high)/2;
        if (events[middle] < neuron)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

template <typename T> T* on_device(const std::vector<T>& values)
{
    T* memory;
    CUDA_SAFE_CALL(cudaMalloc((void**)&memory, sizeof(T)*std::max<size_t>(1, values.size())));
    CUDA_SAFE_CALL(cudaMemcpy(memory, values.data(), sizeof(T)*values.size(), cudaMemcpyHostToDevice));
    return memory;
}

// Enters the events of this time step into a table with a place for each neuron.
__global__ static void enter_events(char* occurred, const int neurons, const int32_t* events)
{
    for (int i = threadIdx.x; i < neurons; i += blockDim.x)
        occurred[i] = 0;
    __syncthreads();
    for (int k = threadIdx.x; k < events[neurons]; k += blockDim.x)
        occurred[events[k]] = 1;
}

// Puts the events of the parts of a group, a block for each part, one after the other.
__global__ static void join_events(
    int32_t* events, const int neurons, const int32_t* of_parts, const int* numbers, const int part)
{
    __shared__ int before;
    if (threadIdx.x == 0)
        before = 0;
    __syncthreads();
    int sum = 0;
    for (int other = threadIdx.x; other < blockIdx.x; other += blockDim.x)
        sum += numbers[other];
    if (sum > 0)
        atomicAdd(&before, sum);
    __syncthreads();
    const int number = numbers[blockIdx.x];
    for (int k = threadIdx.x; k < number; k += blockDim.x)
        events[before + k] = of_parts[blockIdx.x*part + k];
    if (threadIdx.x == 0 && blockIdx.x == gridDim.x - 1)
        events[neurons] = before + number;
}

inline void join(int32_t* events, const int neurons, const int32_t* of_parts, const int* numbers, const int part)
{
    join_events<<<(neurons + part - 1)/part, threads(), 0, launch()>>>(events, neurons, of_parts, numbers, part);
}

// What lasts from one run of a network to the next, by the name of the Brian2 object.
template <typename T> T& lasting(const std::string& name)
{
    static std::map<std::string, T> all;
    return all[name];
}

// The events of the last time steps, as many as the longest delay of a pathway takes.
class History
{
public:
    struct View
    {
        const char* table;
        int neurons, steps, now;
        __device__ bool occurred(const int neuron, const int steps_ago) const
        {
            const int then = now - steps_ago;
            return table[(size_t)(then < 0 ? then + steps : then)*neurons + neuron] != 0;
        }
    };

    const View& view() const { return shown; }

    // Room for a delay; what is remembered is kept.
    void resize(const int neurons, const int longest_delay)
    {
        const int steps = longest_delay + 1;
        if (table && shown.steps >= steps)
            return;
        const size_t bytes = neurons;
        char* larger = on_device(std::vector<char>(bytes*steps, 0));
        for (int ago = 0; table && ago < shown.steps; ago++)
            CUDA_SAFE_CALL(cudaMemcpy(
                larger + (steps - 1 - ago)*bytes, table + (shown.now - ago + shown.steps)%shown.steps*bytes, bytes,
                cudaMemcpyDeviceToDevice));
        table = larger;
        shown = {table, neurons, steps, steps - 1};
    }

    // Notes the events of this time step.
    void enter(const int32_t* events)
    {
        shown.now = (shown.now + 1)%shown.steps;
        enter_events<<<1, threads_for(shown.neurons), 0, launch()>>>(table + (size_t)shown.now*shown.neurons, shown.neurons, events);
    }

private:
    View shown;
    char* table = nullptr;
};

// Synapses of a pathway, row by row.  A row belongs to one thread and is in the order in which C++ would visit its
// synapses in any time step: those with a longer delay first, since their events are older, then by the neuron with the
// event, then by number.
class Rows
{
public:
    struct View
    {
        const int *start, *synapse, *source, *delay;
        int number;
    };

    // Synapses may have been created since.
    bool built(const size_t synapses) const { return ready && this->synapses == synapses; }
    bool empty() const { return synapses == 0; }
    int number() const { return rows.number; }
    const View& view() const { return rows; }

    // `row` holds the neuron that a synapse is done for; without it there is one row.  Returns the longest delay.
    template <typename Delay>
    int build(
        const size_t number, const int32_t* source, const int32_t* row, const Delay* delays, const bool one_delay,
        const double dt)
    {
        std::vector<int> delay(number);
        for (size_t s = 0; s < number; s++)
            delay[s] = (int)(delays[one_delay ? 0 : s]/dt + 0.5);
        sort(number, [&](const int a, const int b) {
            if (row && row[a] != row[b]) return row[a] < row[b];
            if (delay[a] != delay[b]) return delay[a] > delay[b];
            if (source[a] != source[b]) return source[a] < source[b];
            return a < b;
        });
        std::vector<int> start(1, 0), of_source(number), of_delay(number);
        for (size_t k = 0; k < number; k++)
        {
            if (k > 0 && row && row[order[k]] != row[order[k - 1]])
                start.push_back(k);
            of_source[k] = source[order[k]];
            of_delay[k] = delay[order[k]];
        }
        start.push_back(number);
        rows.number = number ? start.size() - 1 : 0;
        rows.source = on_device(of_source);
        rows.delay = on_device(of_delay);
        finish(start);
        return number ? *std::max_element(delay.begin(), delay.end()) : 0;
    }

    // All synapses of each neuron from `first` on, by number; neurons without synapses have an empty row.
    void build_all(const int neurons, const size_t number, const int32_t* row, const int first)
    {
        sort(number, [&](const int a, const int b) { return row[a] != row[b] ? row[a] < row[b] : a < b; });
        std::vector<int> start(neurons + 1, 0);
        for (size_t s = 0; s < number; s++)
            start[row[s] - first + 1]++;
        std::partial_sum(start.begin(), start.end(), start.begin());
        rows.number = neurons;
        finish(start);
    }

private:
    View rows;
    std::vector<int> order;
    size_t synapses = 0;
    bool ready = false;

    template <typename Less> void sort(const size_t number, const Less less)
    {
        synapses = number;
        order.resize(number);
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), less);
    }
    void finish(const std::vector<int>& start)
    {
        rows.start = on_device(start);
        rows.synapse = on_device(order);
        std::vector<int>().swap(order);
        ready = true;
    }
};

// The number of recorded events lies in device memory; the host knows how large it may be at most.
class Recorder
{
    int* recorded = nullptr;
    int bound = 0, capacity = 0;

public:
    int* number()
    {
        if (!recorded)
            recorded = on_device(std::vector<int>(1, 0));
        return recorded;
    }
    int ask()
    {
        int value;
        CUDA_SAFE_CALL(cudaMemcpy(&value, number(), sizeof(value), cudaMemcpyDeviceToHost));
        calls.copies++;
        return value;
    }
    // Makes sure that `more` events can be recorded; returns how many there must be room for in all.  There is room for
    // so many time steps that asking, which waits for the GPU, is rare: `most` where that takes little memory.
    int room_for(const int more, const int least, const int most)
    {
        if (bound + (int64_t)more > capacity)
        {
            bound = ask();
            const int64_t wanted = (int64_t)more*std::min(most, std::max(least, (1 << 22)/more));
            if (bound + (wanted + 1)/2 > capacity)
                capacity = std::min<int64_t>(bound + wanted, INT_MAX);
        }
        bound += more;
        return capacity;
    }
};

}

#endif
