// Device memory: what nobody has set reads as NaN or -1, and host code that touches it is stopped.
//   STANDIN_MEMORY=BYTES    how much there is, 16 GiB unless given
#include "runtime.h"
#include <cxxabi.h>
#include <dlfcn.h>
#include <sys/mman.h>

namespace standin {

static void* reserve(size_t bytes)
{
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) { perror("stand-in: mmap"); exit(1); }
    return memory;
}

char* arena = (char*)reserve(ARENA);
static const size_t room = std::min<size_t>(ARENA, atoll(option("STANDIN_MEMORY", "17179869184").c_str()));
static size_t used = 0;

struct Block { size_t bytes, wanted; std::string name; const void* owner; bool live; };
// What outlives the destructors of the program's own global objects is never destroyed.
static std::map<size_t, Block>& blocks = *new std::map<size_t, Block>;                // by offset
static std::multimap<size_t, size_t>& spare = *new std::multimap<size_t, size_t>;    // size to offset

// Pages are protected while the host runs; a device function or a copy opens them.
static int open_ = 1;
static void protect(int how) { mprotect(arena, used + 4096, how); }
void unlock() { if (open_++ == 0) protect(PROT_READ | PROT_WRITE); }
void lock() { if (--open_ == 0) protect(PROT_NONE); }
static struct Locked { Locked() { lock(); } ~Locked() { unlock(); } } locked;

static void fail(const std::string& what)
{
    fprintf(stderr, "stand-in: %s\n", what.c_str());
    abort();
}

void* device_malloc(size_t bytes, const char* name, const void* owner)
{
    synchronize();
    // 256 bytes more than wanted, so that what lies behind an array belongs to no other.
    size_t size = (bytes + 511)/256*256, at;
    auto found = spare.lower_bound(size);
    if (found != spare.end() && found->first <= 2*size) { at = found->second; size = found->first; spare.erase(found); }
    else if (used + size > room) return nullptr;
    else { at = used; used += size; }
    blocks[at] = {size, bytes, name, owner, true};
    unlock();
    protect(PROT_READ | PROT_WRITE);  // the arena may have grown
    memset(arena + at, 0xFF, size);
    lock();
    return arena + at;
}

void device_memory(size_t* available, size_t* total) { *available = room - used; *total = room; }

void device_free(void* pointer)
{
    if (!pointer) return;
    synchronize();
    auto found = blocks.find((char*)pointer - arena);
    if (found == blocks.end() || !found->second.live) fail("freed what was not allocated");
    unlock(); memset(arena + found->first, 0xFF, found->second.bytes); lock();
    found->second.live = false;
    spare.insert({found->second.bytes, found->first});
}

std::string array_at(const void* p)
{
    const size_t at = (const char*)p - arena;
    auto found = blocks.upper_bound(at);
    if (found == blocks.begin()) return "";
    --found;
    const Block& block = found->second;
    if (!block.live || at >= found->first + block.wanted) return "";
    std::string name = block.name;
    Dl_info info;
    if (block.owner && dladdr(block.owner, &info) && info.dli_sname) {
        int status;
        char* plain = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
        name = plain ? plain : info.dli_sname;
        free(plain);
    }
    for (const char* prefix : {"(void**)", "&", "brian::"})
        while (name.rfind(prefix, 0) == 0) name.erase(0, strlen(prefix));
    return name;
}

void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind)
{
    synchronize();
    static const char* names[] = {"host to host", "host to device", "device to host", "device to device", "default"};
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (bytes && kind != cudaMemcpyDefault && (on_device(to) != to_device || on_device(from) != from_device))
        fail(std::string("cudaMemcpy said ") + names[kind] + " and was " + (on_device(from) ? "device" : "host") + " to "
             + (on_device(to) ? "device" : "host"));
    counts[std::string("copy ") + names[kind]]++;
    unlock(); if (bytes) memmove(to, from, bytes); lock();
}

void set(void* to, int value, size_t bytes)
{
    synchronize();
    counts["memset"]++;
    unlock(); if (bytes) memset(to, value, bytes); lock();
}

}
