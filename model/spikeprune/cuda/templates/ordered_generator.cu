{# USES_VARIABLES { _spikespace, neuron_index, _timebins, _period_bins } #}
{# Given spikes lie in the order of their time steps: two searches find those of this step, which are entered in
   ascending order of neurons. #}
{% extends 'ordered_common.cu' %}

{% block kernels %}
__global__ void kernel_{{codeobj_name}}(int32_t* _events, const int _last, const int64_t _timestep, %KERNEL_PARAMETERS%)
{
    %KERNEL_CONSTANTS%
    const int32_t* _bins = {{get_array_name(variables['_timebins'])}};
    const int32_t* _neurons = {{get_array_name(variables['neuron_index'])}};
    const int32_t _period = {{get_array_name(variables['_period_bins'])}}[0];
    const int32_t _now = _period > 0 ? _timestep % _period : _timestep;
    const int _first = ordered::place(_bins, _num_timebins, _now);
    const int _end = ordered::place(_bins, _num_timebins, _now + 1);
    for (int _k = _first + threadIdx.x; _k < _end; _k += blockDim.x)
    {
        int _place = 0;
        for (int _other = _first; _other < _end; _other++)
            _place += _neurons[_other] < _neurons[_k];
        _events[_place] = _neurons[_k];
    }
    if (threadIdx.x == 0)
        _events[_last] = _end - _first;
}
{% endblock %}

{% block launches %}
    %HOST_CONSTANTS%
    const int _last = {{variables['_spikespace'].size - 1}};
    kernel_{{codeobj_name}}<<<1, ordered::threads_for(_last), 0, ordered::launch()>>>(
        {{device.get_array_name(variables['_spikespace'], prefix='dev')}}[0], _last, {{timestep}}[0], %HOST_PARAMETERS%);
{% endblock %}
