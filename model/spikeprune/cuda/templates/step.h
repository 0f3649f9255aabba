// How a time step is started.  Kernels are launched into one stream and counted; a time step in which always the same is
// launched is recorded once, as a CUDA graph, and then started as a whole.
#ifndef SPIKEPRUNE_STEP_H
#define SPIKEPRUNE_STEP_H

#include "objects.h"
#include "brianlib/cuda_utils.h"
#include <cstdlib>
#include <fstream>
#include <stdint.h>
#include <string>
#include <vector>

namespace ordered {

// What the time loop has asked of the driver.  A file named by SPIKEPRUNE_CUDA_CALLS is told at the end of a run, with
// the memory of the GPU that is taken then, and the seconds of the time loop.
struct Calls
{
    int64_t steps = 0, launches = 0, graphs = 0, copies = 0;

    void tell(const double seconds) const
    {
        const char* name = std::getenv("SPIKEPRUNE_CUDA_CALLS");
        if (!name)
            return;
        size_t free, total;
        CUDA_SAFE_CALL(cudaMemGetInfo(&free, &total));
        std::ofstream(name) << "{\"steps\": " << steps << ", \"launches\": " << launches << ", \"graphs\": " << graphs
                            << ", \"copies\": " << copies << ", \"bytes\": " << total - free << ", \"seconds\": " << seconds << "}\n";
    }
};
inline Calls calls;

// Brian2's standard stream, unless time steps are recorded: that one cannot be.
inline cudaStream_t stream = nullptr;

// The stream of a launch.
inline cudaStream_t launch()
{
    calls.launches++;
    return stream;
}

// The time in device memory, since a recorded launch keeps the parameters that it was recorded with.
__global__ static void advance_clock(int64_t* timestep, double* t, const double dt)
{
    *timestep += 1;
    *t = *timestep*dt;
}

inline void advance(int64_t* timestep, double* t, const double dt)
{
    advance_clock<<<1, 1, 0, launch()>>>(timestep, t, dt);
    CUDA_CHECK_ERROR("advance_clock");
}

// A time step in which the same kernels are launched each time, with the same parameters.
class Step
{
    cudaGraphExec_t recorded = nullptr;
    std::vector<bool (*)()> preparations;
    bool possible, recording = false, known = false;

    template <typename Launches> void record(const Launches& launches)
    {
        const Calls before = calls;
        cudaGraph_t graph = nullptr;
        preparations.clear();
        possible = cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess;
        if (possible)
        {
            recording = true;
            launches();
            recording = false;
            possible = cudaStreamEndCapture(stream, &graph) == cudaSuccess &&
                       cudaGraphInstantiate(&recorded, graph, 0) == cudaSuccess;
        }
        if (graph)
            cudaGraphDestroy(graph);
        if (!possible)
        {
            recorded = nullptr;
            cudaGetLastError(); // its kernels are launched one by one instead
        }
        calls = before;
    }

    void forget()
    {
        if (recorded)
            CUDA_SAFE_CALL(cudaGraphExecDestroy(recorded));
        recorded = nullptr;
    }

public:
    Step()
    {
        const char* wanted = std::getenv("SPIKEPRUNE_CUDA_GRAPH");
        possible = !wanted || std::string(wanted) != "0";
    }

    // Begins a run of a network, whose code objects differ from those of the run before.
    void begin()
    {
        if (possible && !stream)
            CUDA_SAFE_CALL(cudaStreamCreate(&stream)); // which waits for the standard stream, and that for it
        known = false;
    }

    void end() { forget(); }

    // What a code object does on the host before its launches: now, or before each start of the step that is recorded.
    // It returns whether the parameters of launches are still the same.
    void prepare(bool (*preparation)())
    {
        if (recording)
            preparations.push_back(preparation);
        else
            preparation();
    }

    // Runs a time step, at first kernel by kernel, because code objects take the memory that they need when they run.
    template <typename Launches> void run(const Launches& launches)
    {
        if (known && possible && !recorded)
            record(launches);
        known = true;
        bool same = recorded != nullptr;
        for (size_t k = 0; recorded && k < preparations.size(); k++)
            same = preparations[k]() && same;
        if (same)
        {
            CUDA_SAFE_CALL(cudaGraphLaunch(recorded, stream));
            calls.graphs++;
            return;
        }
        forget();
        launches();
    }
};
inline Step step;

}

#endif
