{# The time loop.  Which object belongs to which clock is worked out once a run, and the wall clock is read only where
   someone wants to know the time: for a report, or to stop after `maximum_run_time`. #}
{% macro cpp_file() %}
#include "network.h"
#include "objects.h"
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <new>

{% for name in acts_on %}
void _run_{{name}}();
{% endfor %}

#if defined(__unix__) || defined(__APPLE__)
// Arrays begin at the start of a cache line, so that no vector lies across two of them.
void* operator new(std::size_t size)
{
    void* memory = 0;
    if (posix_memalign(&memory, 64, size ? size : 1))
        throw std::bad_alloc();
    return memory;
}

void* operator new[](std::size_t size)
{
    return operator new(size);
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete[](void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept
{
    std::free(memory);
}
#endif

double Network::_last_run_time = 0.0;
double Network::_last_run_completed_fraction = 0.0;
bool Network::_globally_stopped = false;
bool Network::_globally_running = false;

namespace {

typedef std::vector<{{clock_class}}*> Clocks;

struct Call
{
    codeobj_func function;
    size_t clock;
    const int32_t* number_of_events; // null for a function that acts without events as well
};

// Where the number of events is that a function acts on.
const int32_t* events_of(codeobj_func function)
{
    {% for name, (events, last) in acts_on.items() %}
    if (function == _run_{{name}})
        return brian::{{events}} + {{last}};
    {% endfor %}
    return 0;
}

// Clocks that are no further apart than this (in seconds) tick together.
const double simultaneous = 1e-14;

size_t number_of({{clock_class}}* clock, Clocks& clocks)
{
    size_t number = 0;
    while (number < clocks.size() && clocks[number] != clock)
        number++;
    if (number == clocks.size())
        clocks.push_back(clock);
    return number;
}

// The clock that is furthest behind, and which others are at the same time.
{{clock_class}}* next_clock(const Clocks& clocks, std::vector<char>& due)
{
    if (clocks.empty())
        return 0;
    {{clock_class}}* next = clocks[0];
    for (size_t i = 1; i < clocks.size(); i++)
        if (clocks[i]->t[0] < next->t[0])
            next = clocks[i];
    for (size_t i = 0; i < clocks.size(); i++)
        due[i] = std::fabs(clocks[i]->t[0] - next->t[0]) <= simultaneous;
    return next;
}

double seconds_since(const std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}

Network::Network() : t(0.0)
{
}

void Network::clear()
{
    objects.clear();
}

void Network::add({{clock_class}}* clock, codeobj_func func)
{
    objects.push_back(std::make_pair(clock, func));
}

void Network::run(const double duration, void (*report_func)(const double, const double, const double, const double), const double report_period)
{
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    const double t_start = t;
    const double t_end = t + duration;

    Clocks clocks;
    std::vector<Call> calls;
    for (size_t i = 0; i < objects.size(); i++)
    {
        const Call call = {objects[i].second, number_of(objects[i].first, clocks), events_of(objects[i].second)};
        if (call.function)  // without one, the object only makes its clock advance
            calls.push_back(call);
    }
    for (size_t i = 0; i < clocks.size(); i++)
        clocks[i]->set_interval(t_start, t_end);
    std::vector<char> due(clocks.size());
    {{clock_class}}* clock = next_clock(clocks, due);

    if (report_func)
        report_func(0.0, 0.0, t_start, duration);
    double next_report = report_period;
    bool timed_out = false;

    _globally_running = true;
    _globally_stopped = false;
    while (clock && clock->running() && !_globally_stopped && !timed_out)
    {
        t = clock->t[0];
        if (report_func)
        {
            const double elapsed = seconds_since(start);
            if (elapsed > next_report)
            {
                report_func(elapsed, (t - t_start)/duration, t_start, duration);
                next_report += report_period;
            }
        }
        if (clocks.size() == 1)
        {
            for (size_t i = 0; i < calls.size(); i++)
                if (!calls[i].number_of_events || *calls[i].number_of_events)
                    calls[i].function();
            clock->tick();
        }
        else
        {
            for (size_t i = 0; i < calls.size(); i++)
                if (due[calls[i].clock] && (!calls[i].number_of_events || *calls[i].number_of_events))
                    calls[i].function();
            for (size_t i = 0; i < clocks.size(); i++)
                if (due[i])
                    clocks[i]->tick();
            clock = next_clock(clocks, due);
        }
        {% if maximum_run_time is not none %}
        timed_out = seconds_since(start) > {{maximum_run_time}};
        {% endif %}
    }
    _globally_running = false;

    t = timed_out || _globally_stopped ? clock->t[0] : t_end;
    _last_run_time = seconds_since(start);
    _last_run_completed_fraction = duration > 0 ? (t - t_start)/duration : 1.0;
    if (report_func)
        report_func(_last_run_time, _last_run_completed_fraction, t_start, duration);
}
{% endmacro %}

{% macro h_file() %}
#ifndef _BRIAN_NETWORK_H
#define _BRIAN_NETWORK_H

#include <utility>
#include <vector>
#include "brianlib/clocks.h"

typedef void (*codeobj_func)();

class Network
{
public:
    std::vector< std::pair< {{clock_class}}*, codeobj_func > > objects;
    double t;
    static double _last_run_time;
    static double _last_run_completed_fraction;
    static bool _globally_stopped;
    static bool _globally_running;

    Network();
    void clear();
    void add({{clock_class}}* clock, codeobj_func func);
    void run(const double duration, void (*report_func)(const double, const double, const double, const double), const double report_period);
};

#endif
{% endmacro %}
