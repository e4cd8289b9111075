package io.foretell.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Held-out measures over steps as an SVG picture: one panel per measure, one line per run. Written by hand because
 * the JVM's chart libraries need a desktop. Confined to one thread.
 */
final class LearningCurve {
    private static final List<String> COLOURS =
            List.of("#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#d55e00");
    private static final int WIDTH = 420;
    private static final int HEIGHT = 260;
    private static final int LEFT = 60;
    private static final int TOP = 50;
    private static final int LEGEND = 20;

    /**
     * @param measure without {@code heldout/}; if it has an interval, {@code _low} and {@code _high}, a band is drawn
     */
    record Panel(String measure, String title) {}

    private record Point(double step, double value, double low, double high) {}

    /** @param points one list per panel */
    private record Line(String name, boolean control, String colour, List<List<Point>> points) {}

    private final String title;
    private final String method;
    private final List<Panel> panels;
    private final List<Line> lines = new ArrayList<>();
    private double phaseStart = Double.NaN;

    /** @param method the method that starts in the second phase */
    LearningCurve(String title, String method, List<Panel> panels) {
        this.title = title;
        this.method = method;
        this.panels = List.copyOf(panels);
    }

    void add(String name, boolean control, Path metrics) throws IOException {
        List<List<Point>> points = new ArrayList<>();
        panels.forEach(panel -> points.add(new ArrayList<>()));
        for (String text : Files.readAllLines(metrics)) {
            JsonNode row = Json.mapper().readTree(text);
            for (int i = 0; i < panels.size(); i++) {
                String key = "heldout/" + panels.get(i).measure();
                if (row.has(key)) {
                    double value = row.path(key).asDouble();
                    points.get(i)
                            .add(new Point(
                                    row.path("step").asDouble(),
                                    value,
                                    row.path(key + "_low").asDouble(value),
                                    row.path(key + "_high").asDouble(value)));
                    if (Double.isNaN(phaseStart) && row.path("phase_index").asInt() > 0) {
                        phaseStart = row.path("step").asDouble();
                    }
                }
            }
        }
        String colour = control ? "#777777" : COLOURS.get(lines.size() % COLOURS.size());
        lines.add(new Line(name, control, colour, points));
    }

    String svg() {
        StringBuilder svg = new StringBuilder();
        int width = panels.size() * (WIDTH + LEFT + 20);
        int height = HEIGHT + TOP + 50 + LEGEND * legendRows(width);
        svg.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">%n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n",
                width, height, width, height));
        svg.append(format("<text x=\"%d\" y=\"22\" font-size=\"15\">%s</text>%n", LEFT, title));
        for (int i = 0; i < panels.size(); i++) {
            panel(svg, LEFT + i * (WIDTH + LEFT + 20), i);
        }
        int x = LEFT;
        int y = TOP + HEIGHT + 56;
        for (Line line : lines) {
            if (x > LEFT && x + legendWidth(line) > width) {
                x = LEFT;
                y += LEGEND;
            }
            svg.append(format(
                    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\"%s/>%n",
                    x, y, x + 24, y, line.colour(), dash(line)));
            svg.append(format("<text x=\"%d\" y=\"%d\">%s</text>%n", x + 30, y + 4, line.name()));
            x += legendWidth(line);
        }
        return svg.append("</svg>\n").toString();
    }

    private int legendRows(int width) {
        int rows = 1;
        int x = LEFT;
        for (Line line : lines) {
            if (x > LEFT && x + legendWidth(line) > width) {
                x = LEFT;
                rows++;
            }
            x += legendWidth(line);
        }
        return rows;
    }

    private static int legendWidth(Line line) {
        return 60 + 8 * line.name().length();
    }

    private void panel(StringBuilder svg, int left, int panel) {
        double last = 1;
        double low = 0;
        double high = 1;
        for (Line line : lines) {
            for (Point point : line.points().get(panel)) {
                last = Math.max(last, point.step());
                low = Math.min(low, point.low());
                high = Math.max(high, point.high());
            }
        }
        low = Math.floor(low);
        high = Math.ceil(high);
        svg.append(format(
                "<text x=\"%d\" y=\"%d\">%s</text>%n",
                left, TOP - 10, panels.get(panel).title()));
        for (int i = 0; i <= 4; i++) {
            double value = low + (high - low) * i / 4;
            double y = y(value, low, high);
            svg.append(format(
                    "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>%n", left, y, left + WIDTH, y));
            svg.append(format("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.2f</text>%n", left - 6, y + 4, value));
            double step = last * i / 4;
            svg.append(format(
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>%n",
                    left + WIDTH * step / last, TOP + HEIGHT + 18, step));
        }
        svg.append(format(
                "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">step</text>%n", left + WIDTH / 2, TOP + HEIGHT + 36));
        if (!Double.isNaN(phaseStart)) {
            double x = left + WIDTH * phaseStart / last;
            svg.append(format(
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#999\" stroke-dasharray=\"4 3\"/>%n"
                            + "<text x=\"%.1f\" y=\"%d\" text-anchor=\"end\" fill=\"#666\">%s begins</text>%n",
                    x, TOP, x, TOP + HEIGHT, x - 4, TOP + 12, method));
        }
        for (Line line : lines) {
            line(svg, line, line.points().get(panel), left, last, low, high);
        }
    }

    private static void line(
            StringBuilder svg, Line line, List<Point> points, int left, double last, double low, double high) {
        StringBuilder path = new StringBuilder();
        StringBuilder band = new StringBuilder();
        StringBuilder back = new StringBuilder();
        for (Point point : points) {
            double x = left + WIDTH * point.step() / last;
            path.append(format("%.1f,%.1f ", x, y(point.value(), low, high)));
            band.append(format("%.1f,%.1f ", x, y(point.high(), low, high)));
            back.insert(0, format("%.1f,%.1f ", x, y(point.low(), low, high)));
        }
        if (points.stream().anyMatch(point -> point.high() > point.low())) {
            svg.append(format("<polygon points=\"%s%s\" fill=\"%s\" opacity=\"0.12\"/>%n", band, back, line.colour()));
        }
        svg.append(format(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>%n",
                path, line.colour(), dash(line)));
    }

    private static String dash(Line line) {
        return line.control() ? " stroke-dasharray=\"6 4\"" : "";
    }

    private static double y(double value, double low, double high) {
        return TOP + HEIGHT * (1 - (value - low) / (high - low));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
