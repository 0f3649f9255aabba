{# USES_VARIABLES { N } #}
{# One block goes through the neurons from the first to the last, a tile at a time.  In a tile, each thread enters its
   neuron as a bit, and the number of bits before its own is the place of its event: so events come in order.  A large
   group is cut into parts with a block for each, whose events are joined by a second kernel. #}
{% extends 'ordered_common.cu' %}

{% set _size = eventspace_variable.size - 1 %}
{% set _parts = device.parts(_size) %}

{% block kernels %}
__global__ void kernel_{{codeobj_name}}(int32_t* _events, int* _numbers, const int _N, %KERNEL_PARAMETERS%)
{
    __shared__ unsigned int _bits[32];
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    {% if _parts > 1 %}
    const int _start = blockIdx.x*{{device.part}}, _end = min(_start + {{device.part}}, _N);
    {% else %}
    const int _start = 0, _end = _N;
    {% endif %}
    int _found = 0; // by all threads alike
    for (int _first = _start; _first < _end; _first += blockDim.x)
    {
        if (threadIdx.x < 32)
            _bits[threadIdx.x] = 0;
        __syncthreads();
        const int _idx = _first + threadIdx.x;
        const int _vectorisation_idx = _idx;
        bool _occurs = false;
        if (_idx < _end)
        {
            {{vector_code|autoindent}}
            _occurs = _cond;
        }
        const int _word = threadIdx.x/32;
        const unsigned int _bit = 1u << threadIdx.x%32;
        if (_occurs)
            atomicOr(&_bits[_word], _bit);
        __syncthreads();
        int _place = _found + __popc(_bits[_word] & (_bit - 1));
        for (int _w = 0; _w*32 < blockDim.x; _w++)
        {
            const int _in_word = __popc(_bits[_w]);
            _found += _in_word;
            if (_w < _word)
                _place += _in_word;
        }
        if (_occurs)
        {
            _events[_start + _place] = _idx;
            {% if _uses_refractory %}
            {{get_array_name(variables['not_refractory'])}}[_idx] = false;
            {{get_array_name(variables['lastspike'])}}[_idx] = {{get_array_name(variables['t'])}}[0];
            {% endif %}
        }
        __syncthreads();
    }
    if (threadIdx.x == 0)
        {{'_numbers[blockIdx.x]' if _parts > 1 else '_events[_N]'}} = _found;
}
{% endblock %}

{% block launches %}
    %HOST_CONSTANTS%
    const int _N = {{_size}};
    int32_t* const _events = {{device.get_array_name(eventspace_variable, prefix='dev')}}[0];
    {% if _parts > 1 %}
    static int32_t* const _of_parts = ordered::on_device(std::vector<int32_t>(_N));
    static int* const _numbers = ordered::on_device(std::vector<int>({{_parts}}));
    kernel_{{codeobj_name}}<<<{{_parts}}, ordered::threads_for({{device.part}}), 0, ordered::launch()>>>(_of_parts, _numbers, _N, %HOST_PARAMETERS%);
    ordered::join(_events, _N, _of_parts, _numbers, {{device.part}});
    {% else %}
    kernel_{{codeobj_name}}<<<1, ordered::threads_for(_N), 0, ordered::launch()>>>(_events, nullptr, _N, %HOST_PARAMETERS%);
    {% endif %}
{% endblock %}
