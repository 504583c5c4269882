/* revision.c - the revisions of the protocol: https://modelcontextprotocol.io/specification */
#include "mcp.h"

const char *const mcp_revision_names[MCP_REVISIONS] = {
    [MCP_2024_11_05] = "2024-11-05", [MCP_2025_03_26] = "2025-03-26",
    [MCP_2025_06_18] = "2025-06-18", [MCP_2025_11_25] = "2025-11-25",
    [MCP_2026_07_28] = "2026-07-28",
};

enum mcp_revision mcp_revision_find(const char *name)
{
    int r = 0;
    while (r < MCP_REVISIONS && !kta_streq(name, mcp_revision_names[r]))
        r++;
    return (enum mcp_revision)r;
}
