// The detector of races.  Programs are compiled with -fsanitize=thread, but linked with the functions below instead of
// the library that belongs to it: they see every access to device and shared memory.  Two accesses of a launch by two
// threads are a race if one writes and not both are atomic, unless a barrier of their block lies between.  So races are
// found whatever the order in which threads happen to run.
#include "runtime.h"
#include <sys/mman.h>

namespace standin {

enum : unsigned char { WRITTEN = 1, READ = 2, ATOMIC = 4 };

// The last thread that did something to a byte, and whether others have: of its block since the last barrier, of others.
struct Access {
    unsigned who; unsigned short when; bool done, several, blocks;
    void clear() { done = several = blocks = false; }
};
struct Cell { unsigned scope; Access write, read, atomic; };

static unsigned block_of(unsigned thread) { return thread/(here.block_dim.x*here.block_dim.y*here.block_dim.z); }
static unsigned short now() { return (unsigned short)barriers; }

static void note(Access& a)
{
    if (a.done && block_of(a.who) != block_of(thread_number)) { a.blocks = true; a.several = false; }
    else if (a.done && a.when == now()) a.several = a.several || a.who != thread_number;
    else a.several = false;
    a.done = true; a.who = thread_number; a.when = now();
}
static bool meets(const Access& a)
{
    if (!a.done) return false;
    if (a.blocks || block_of(a.who) != block_of(thread_number)) return true;
    return a.when == now() && (a.who != thread_number || a.several);
}

extern "C" { extern char __start_cudashared[] __attribute__((weak)); extern char __stop_cudashared[] __attribute__((weak)); }
static bool is_shared(const void* p) { return (const char*)p >= __start_cudashared && (const char*)p < __stop_cudashared; }

// Most cells are never touched, so they are pages that the system has not made yet.
static Cell* cells(size_t number)
{
    return (Cell*)mmap(nullptr, number*sizeof(Cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}
static Cell& cell(const void* p)
{
    static Cell* const of_arena = cells(ARENA);
    static Cell* const of_shared = cells(size_t(__stop_cudashared - __start_cudashared) + 1);
    const bool shared = is_shared(p);
    Cell& c = shared ? of_shared[(const char*)p - __start_cudashared] : of_arena[(const char*)p - arena];
    const unsigned scope = shared ? block_number : launch_number;
    if (c.scope != scope) { c.scope = scope; c.write.clear(); c.read.clear(); c.atomic.clear(); }
    return c;
}

static std::map<std::string, long>& found = *new std::map<std::string, long>;
static void report(const char* kind, const void* p)
{
    found[std::string("race ") + kernel + ": " + kind + " in " + (is_shared(p) ? "shared memory" : array_at(p))]++;
}
void write_races(std::ostream& out)
{
    for (auto& race : found) out << race.second << '\t' << race.first << '\n';
}

static bool detecting = false;
static bool tracked(const void* p)
{
    if (!in_kernel || !(on_device(p) || is_shared(p))) return false;
    if (on_device(p) && array_at(p).empty()) { found[std::string("outside ") + kernel + ": of every array"]++; return false; }
    return true;
}
static void touch_read(const void* p)
{
    if (!tracked(p)) return;
    Cell& c = cell(p);
    if (meets(c.write)) report("write and read", p);
    if (meets(c.atomic)) report("atomic and plain read", p);
    note(c.read);
}
static void touch_write(const void* p)
{
    if (!tracked(p)) return;
    Cell& c = cell(p);
    if (meets(c.write)) report("write and write", p);
    if (meets(c.atomic)) report("atomic and plain write", p);
    if (meets(c.read)) report("read and write", p);
    note(c.write);
}
void touch_atomic(const void* p, bool order_matters)
{
    if (!detecting || !tracked(p)) return;
    Cell& c = cell(p);
    if (meets(c.write)) report("write and atomic", p);
    if (meets(c.read)) report("read and atomic", p);
    if (order_matters && meets(c.atomic)) report("order of float additions", p);
    note(c.atomic);
}
}

// What the compiler calls in instrumented code.  GCC crashes on definitions of these names, so they are made for the
// assembler.
extern "C" __attribute__((used)) void standin_init() { standin::detecting = true; }
extern "C" __attribute__((used)) void standin_nothing() {}
extern "C" __attribute__((used)) void standin_read(void* p) { standin::touch_read(p); }
extern "C" __attribute__((used)) void standin_write(void* p) { standin::touch_write(p); }
#define GOES_TO(NAME, TARGET) asm(".globl __tsan_" NAME "\n__tsan_" NAME ": jmp standin_" TARGET "\n");
GOES_TO("init", "init") GOES_TO("func_entry", "nothing") GOES_TO("func_exit", "nothing")
GOES_TO("vptr_update", "nothing") GOES_TO("vptr_read", "nothing")
#define ACCESS(N) GOES_TO("read" N, "read") GOES_TO("write" N, "write") \
    GOES_TO("unaligned_read" N, "read") GOES_TO("unaligned_write" N, "write")
ACCESS("1") ACCESS("2") ACCESS("4") ACCESS("8") ACCESS("16")
GOES_TO("read_range", "read") GOES_TO("write_range", "write")
#define ATOMICS(N, T) \
    extern "C" __attribute__((used)) T standin_load##N(const volatile T* p, int) { return *p; } \
    extern "C" __attribute__((used)) void standin_store##N(volatile T* p, T v, int) { *p = v; } \
    extern "C" __attribute__((used)) T standin_add##N(volatile T* p, T v, int) { T o = *p; *p = o + v; return o; } \
    GOES_TO("atomic" #N "_load", "load" #N) GOES_TO("atomic" #N "_store", "store" #N) GOES_TO("atomic" #N "_fetch_add", "add" #N)
ATOMICS(8, unsigned char) ATOMICS(32, unsigned) ATOMICS(64, unsigned long long)
