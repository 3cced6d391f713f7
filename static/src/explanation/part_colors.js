/** Colors of cost parts: told apart also by those who see few colors, and the same everywhere. */
const PART_COLORS = [
    "#714b67",
    "#17a2b8",
    "#e0a800",
    "#dc3545",
    "#28a745",
    "#6c757d",
    "#fd7e14",
    "#0d6efd",
    "#6f42c1",
    "#20c997",
];

export function partColor(index) {
    return PART_COLORS[Math.max(index, 0) % PART_COLORS.length];
}
