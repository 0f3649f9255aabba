{# The time loop.  Objects that share the only clock are called one after another; where the host knows the rhythm, it
   asks once a period whether the program shall end. #}
{% macro cu_file() %}
#include "objects.h"
#include "network.h"
#include "brianlib/cuda_utils.h"
#include "step.h"
#include <chrono>
#include <cmath>

double Network::_last_run_time = 0.0;
double Network::_last_run_completed_fraction = 0.0;
bool Network::_globally_stopped = false;
bool Network::_globally_running = false;

static double seconds_since(const std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Network::Network() : t(0.0) {}

void Network::clear()
{
    objects.clear();
}

void Network::add(BaseClock* clock, codeobj_func func)
{
    objects.push_back(std::make_pair(clock, func));
}

// The clocks whose step is the next one; times less than 1e-14 s apart are the same, as in Brian2.
static double due_clocks(const std::set<BaseClock*>& clocks, std::set<BaseClock*>& due)
{
    double next = (*clocks.begin())->t[0];
    for (BaseClock* clock : clocks)
        next = std::min(next, clock->t[0]);
    due.clear();
    for (BaseClock* clock : clocks)
        if (std::fabs(clock->t[0] - next) <= 1e-14)
            due.insert(clock);
    return next;
}

void Network::run(
    const double duration, void (*report_func)(const double, const double, const double, const double),
    const double report_period)
{
    const double t_start = t, t_end = t + duration;
    std::set<BaseClock*> clocks, due;
    for (const auto& object : objects)
        clocks.insert(object.first);
    for (BaseClock* clock : clocks)
        clock->set_interval(t_start, t_end);
    const auto start = std::chrono::steady_clock::now();
    double next_report = report_period;
    if (report_func)
        report_func(0.0, 0.0, t_start, duration);

    _globally_running = true;
    _globally_stopped = false;
    bool ended_early = false;
    {% if clock %}
    CUDA_SAFE_CALL(cudaMemcpy(
        brian::dev{{clock}}_timestep, brian::{{clock}}_timestep, sizeof(int64_t), cudaMemcpyHostToDevice));
    CUDA_SAFE_CALL(cudaMemcpy(brian::dev{{clock}}_t, brian::{{clock}}_t, sizeof(double), cudaMemcpyHostToDevice));
    ordered::calls.copies += 2;
    ordered::step.begin();
    {% endif %}
    const auto launches = [&] {
        for (const auto& object : objects)
            if (object.second && due.count(object.first))
                object.second();
        {% if clock %}
        ordered::advance(
            brian::dev{{clock}}_timestep, brian::dev{{clock}}_t, brian::{{clock}}_dt[0]);
        {% endif %}
    };
    while (!clocks.empty())
    {
        t = due_clocks(clocks, due);
        bool running = false;
        for (BaseClock* clock : due)
            running = running || clock->running();
        if (!running || _globally_stopped)
            break;
        {% if clock %}
        const int64_t place = brian::{{clock}}_timestep[0] % {{period}};
        if ({% for phase in phases %}place == {{phase}}{{' || ' if not loop.last}}{% else %}false{% endfor %}) // more than in other steps
            launches();
        else
            ordered::step.run(launches);
        {% else %}
        launches();
        {% endif %}
        ordered::calls.steps++;
        for (BaseClock* clock : due)
            clock->tick();
        {% if stop %}
        if ((*due.begin())->timestep[0] % {{period}} == 0)
        {
            int32_t stop = 0;
            CUDA_SAFE_CALL(cudaMemcpy(&stop, brian::dev{{stop}}, sizeof(stop), cudaMemcpyDeviceToHost));
            ordered::calls.copies++;
            _globally_stopped = _globally_stopped || stop;
        }
        {% endif %}
        if (report_func || {{'true' if maximum_run_time is not none else 'false'}})
        {
            const double elapsed = seconds_since(start);
            if (report_func && elapsed > next_report)
            {
                report_func(elapsed, (t - t_start)/duration, t_start, duration);
                next_report += report_period;
            }
            {% if maximum_run_time is not none %}
            if (elapsed > {{maximum_run_time}})
            {
                ended_early = true;
                break;
            }
            {% endif %}
        }
    }
    CUDA_SAFE_CALL(cudaDeviceSynchronize());
    {% if clock %}
    ordered::step.end();
    {% endif %}
    ordered::calls.tell(seconds_since(start));
    _globally_running = false;
    std::set<BaseClock*> next;
    t = (ended_early || _globally_stopped) && !clocks.empty() ? due_clocks(clocks, next) : t_end;
    _last_run_time = seconds_since(start);
    _last_run_completed_fraction = duration > 0 ? (t - t_start)/duration : 1.0;
    if (report_func)
        report_func(_last_run_time, _last_run_completed_fraction, t_start, duration);
}
{% endmacro %}

{% macro h_file() %}
#ifndef _BRIAN_NETWORK_H
#define _BRIAN_NETWORK_H

#include "brianlib/clocks.h"
#include <set>
#include <utility>
#include <vector>

typedef void (*codeobj_func)();

class Network
{
public:
    std::vector<std::pair<BaseClock*, codeobj_func> > objects;
    double t;
    static double _last_run_time;
    static double _last_run_completed_fraction;
    static bool _globally_stopped;
    static bool _globally_running;

    Network();
    void clear();
    void add(BaseClock* clock, codeobj_func func);
    void run(
        const double duration, void (*report_func)(const double, const double, const double, const double),
        const double report_period);
};

#endif
{% endmacro %}
