{# Events need no queue: pathways find them where they are. #}
{% macro cu_file() %}
void _run_{{codeobj_name}}() {}
{% endmacro %}

{% macro h_file() %}
void _run_{{codeobj_name}}();
{% endmacro %}

{% macro before_run_cu_file() %}
// EMPTY_CODE_BLOCK
{% endmacro %}
{% macro before_run_h_file() %}
{% endmacro %}
{% macro after_run_cu_file() %}
// EMPTY_CODE_BLOCK
{% endmacro %}
{% macro after_run_h_file() %}
{% endmacro %}
