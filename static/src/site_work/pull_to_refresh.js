import { useEffect } from "@odoo/owl";

const ENOUGH_PX = 70;

/**
 * Refreshes when the content is pulled down at its top.
 *
 * @param {{el: HTMLElement}} ref of what scrolls
 * @param {() => void} refresh
 * @param {(pixels: number) => void} show how far it is pulled; 0 when let go
 */
export function usePullToRefresh(ref, refresh, show) {
    useEffect(
        (el) => {
            if (!el) {
                return;
            }
            let begin = null;
            let pulled = 0;
            const start = (ev) => {
                begin = el.scrollTop <= 0 && ev.touches.length === 1 ? ev.touches[0].clientY : null;
                pulled = 0;
            };
            const move = (ev) => {
                if (begin !== null) {
                    pulled = Math.min(Math.max(ev.touches[0].clientY - begin, 0), ENOUGH_PX * 1.5);
                    show(pulled);
                }
            };
            const end = () => {
                if (pulled > ENOUGH_PX) {
                    refresh();
                }
                begin = null;
                pulled = 0;
                show(0);
            };
            const listeners = [
                ["touchstart", start],
                ["touchmove", move],
                ["touchend", end],
                ["touchcancel", end],
            ];
            for (const [name, listener] of listeners) {
                el.addEventListener(name, listener, { passive: true });
            }
            return () => {
                for (const [name, listener] of listeners) {
                    el.removeEventListener(name, listener);
                }
            };
        },
        () => [ref.el]
    );
}
